import { buildXml, el, type XmlElement } from '@innkeeper/libvirt';
import type { WorkloadView } from '@innkeeper/model';
import { host, type Installation } from './installation.ts';

/** Guests as others make them: raw virsh, LXC's own programs, and busybox as the whole system. */

const uris = { lxc: 'lxc:///system', qemu: 'qemu:///system' } as const;
export type RawBackend = keyof typeof uris;

export const virsh = async (backend: RawBackend, ...args: readonly string[]): Promise<string> =>
  (await host.run(['virsh', '-q', '-c', uris[backend], ...args])).stdout;

/** Defines, or defines anew as `virsh edit` does. */
export const define = async (backend: RawBackend, xml: string): Promise<void> => {
  const file = `/tmp/test-raw-${process.pid}.xml`;
  await host.files.write(file, xml);
  try {
    await virsh(backend, 'define', file);
  } finally {
    await host.files.remove(file);
  }
};

/** `virsh edit` with an editor that replaces. */
export const edit = async (backend: RawBackend, name: string, change: (definition: string) => string): Promise<void> =>
  define(backend, change(await virsh(backend, 'dumpxml', '--inactive', '--security-info', name)));

/** Nothing there, and not running, are no errors. */
export const removeRaw = async (backend: RawBackend, name: string): Promise<void> => {
  for (const verb of ['destroy', 'undefine'])
    await host.run(['virsh', '-q', '-c', uris[backend], verb, name], { expect: [0, 1] });
};

const init = `#!/bin/busybox sh
/bin/busybox ip link set eth0 up && /bin/busybox udhcpc -i eth0 -n -q -t 10 -s /bin/true
while :; do
  [ -e /reboot ] && /bin/busybox rm /reboot && /bin/busybox reboot -f
  /bin/busybox sleep 0.2
done
`;

/** A tree with busybox that asks for an address, and reboots when somebody writes /reboot; it says to be Alpine. */
export const busyboxRoot = async (root: string): Promise<void> => {
  for (const folder of ['', '/bin', '/sbin', '/etc', '/dev', '/proc', '/sys', '/usr', '/usr/lib'])
    await host.files.makeDirectory(`${root}${folder}`, 0o755);
  await host.run(['install', '-m', '0755', '--', '/bin/busybox', `${root}/bin/busybox`]);
  await host.run(['ln', '-sf', 'busybox', `${root}/bin/sleep`]);
  await host.run(['ln', '-sf', 'busybox', `${root}/bin/true`]);
  await host.run(['ln', '-sf', '../usr/lib/os-release', `${root}/etc/os-release`]);
  await host.files.write(`${root}/sbin/init`, init, 0o755);
  await host.files.write(`${root}/usr/lib/os-release`, 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.1\n', 0o644);
};

/** A container of libvirt's that nobody's Innkeeper made, with a network card and a device of the host. */
export const rawContainer = (name: string, root: string, mac: string, ...more: readonly XmlElement[]): string =>
  buildXml(
    el(
      'domain',
      { type: 'lxc' },
      el('name', {}, name),
      el('memory', { unit: 'MiB' }, 64),
      el('vcpu', {}, 2),
      el('os', {}, el('type', {}, 'exe'), el('init', {}, '/sbin/init')),
      el('on_reboot', {}, 'restart'),
      el(
        'devices',
        {},
        el('filesystem', { type: 'mount' }, el('source', { dir: root }), el('target', { dir: '/' })),
        el('interface', { type: 'network' }, el('mac', { address: mac }), el('source', { network: 'default' })),
        el('console', { type: 'pty' }),
        ...more,
      ),
    ),
  );

/** A machine without a system: its firmware looks for one. Emulated, so that it runs anywhere. */
export const rawMachine = (name: string, ...more: readonly XmlElement[]): string =>
  buildXml(
    el(
      'domain',
      { type: 'qemu' },
      el('name', {}, name),
      el(
        'metadata',
        {},
        el(
          'libosinfo:libosinfo',
          { 'xmlns:libosinfo': 'http://libosinfo.org/xmlns/libvirt/domain/1.0' },
          el('libosinfo:os', { id: 'http://ubuntu.com/ubuntu/24.04' }),
        ),
      ),
      el('memory', { unit: 'MiB' }, 32),
      el('vcpu', {}, 1),
      el('os', {}, el('type', { arch: 'x86_64', machine: 'q35' }, 'hvm')),
      el('devices', {}, ...more),
    ),
  );

const lxcPath = '/var/lib/lxc';

/** A container as LXC's own tools have it. */
export const classicContainer = async (name: string): Promise<void> => {
  await removeClassic(name);
  const root = `${lxcPath}/${name}/rootfs`;
  await busyboxRoot(root);
  await host.files.write(
    `${lxcPath}/${name}/config`,
    `lxc.uts.name = ${name}
lxc.rootfs.path = dir:${root}
lxc.start.auto = 1
lxc.cgroup2.memory.max = 96M
lxc.net.0.type = empty
lxc.mount.entry = /dev/null dev/test-null none bind,create=file 0 0
lxc.init.cmd = /bin/sleep 86400
`,
    0o640,
  );
};

export const removeClassic = async (name: string): Promise<void> => {
  await host.run(['lxc-stop', `--name=${name}`, '--kill'], { expect: [0, 1, 2] });
  await host.files.remove(`${lxcPath}/${name}`);
};

const patienceMs = 60_000;

/** Waits until the list shows a guest as it should be; undefined is one that it does not show. */
export const shown = async (
  { client }: Pick<Installation, 'client'>,
  name: string,
  fits: (view: WorkloadView | undefined) => boolean,
): Promise<WorkloadView | undefined> => {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const view = (await client.workloads()).find((one) => one.name === name);
    if (fits(view)) return view;
    if (Date.now() > deadline) throw new Error(`${name} is never shown as it should be: ${JSON.stringify(view)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** As {@link shown}, of one that is there. */
export const shownAs = async (
  innkeeper: Pick<Installation, 'client'>,
  name: string,
  fits: (view: WorkloadView) => boolean,
): Promise<WorkloadView> => (await shown(innkeeper, name, (view) => view !== undefined && fits(view))) as WorkloadView;
