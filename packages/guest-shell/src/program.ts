import { readFileSync } from 'node:fs';

const program = new URL('../perl/guest-shell.pl', import.meta.url);

/** Name of the port that a guest's shell is served on. */
export const shellPort = 'org.innkeeper.shell.0';

const service = `[Unit]
Description=Programs of the host's Innkeeper
ConditionVirtualization=vm
BindsTo=dev-virtio\\x2dports-${shellPort}.device
After=dev-virtio\\x2dports-${shellPort}.device
Before=qemu-guest-agent.service

[Service]
Type=forking
ExecStart=/usr/bin/perl /usr/lib/innkeeper/guest-shell.pl /dev/virtio-ports/${shellPort}
Delegate=yes
OOMPolicy=continue
TasksMax=infinity
Restart=always
RestartSec=1
TimeoutStopSec=2
`;

const rule = `SUBSYSTEM=="virtio-ports", ATTR{name}=="${shellPort}", TAG+="systemd", ENV{SYSTEMD_WANTS}="innkeeper-shell.service"\n`;

/**
 * What the tree of an image gets so that its machines serve shells, by path below its root. Nothing of it starts where the
 * port is not, as in a container; where it is, before the agent of QEMU, so that whoever finds the agent alone knows that
 * there is no shell.
 */
export const shellFiles = (): Readonly<Record<string, string>> => ({
  'usr/lib/innkeeper/guest-shell.pl': readFileSync(program, 'utf8'),
  'usr/lib/systemd/system/innkeeper-shell.service': service,
  'usr/lib/udev/rules.d/80-innkeeper-shell.rules': rule,
});
