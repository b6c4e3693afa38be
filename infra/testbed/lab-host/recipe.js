/** What the machine is made of, as data. @module */

import { debianPackages } from '../../bin/needs.js';

/** Releases of Debian by number. `node`: whether its own Node is new enough for Innkeeper. */
export const releases = {
  12: { suite: 'bookworm', node: false },
  13: { suite: 'trixie', node: true },
};

/** Without mitigations: as many turns more in the emulator, against what cannot happen in it. */
export const kernelArguments = 'root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off';
export const diskBytes = 16 * 2 ** 30;

/** What a small fresh server has, and nothing that Innkeeper has to install. */
const server = [
  'linux-image-amd64',
  'systemd-sysv',
  'systemd-timesyncd',
  'libpam-systemd',
  'udev',
  'kmod',
  'dbus',
  'apparmor',
  'procps',
  'iproute2',
  'ifupdown',
  'dhcpcd-base',
  'openssh-server',
  'sudo',
  'ca-certificates',
  'git',
];

/** An administrator who is not root, as most servers have one. */
export const user = 'keeper';

export const files = {
  'etc/hostname': 'lab\n',
  'etc/hosts': '127.0.0.1 localhost\n127.0.1.1 lab\n::1 localhost\n',
  'etc/fstab': '/dev/vda / ext4 errors=remount-ro 0 1\n',
  'etc/network/interfaces': 'auto lo\niface lo inet loopback\nallow-hotplug eth0\niface eth0 inet dhcp\n',
  'etc/machine-id': '',
  'etc/sudoers.d/keeper': `${user} ALL=(ALL) NOPASSWD: ALL\n`,
};

/** Of the building machine: each boot makes its own. */
export const removed = ['etc/resolv.conf', 'var/lib/dbus/machine-id'];

/**
 * `fresh`: as a stranger's server. `equipped`: with the packages that set-up would install, which takes ten times as long
 * under emulation as while the disk is built.
 * @typedef {'fresh' | 'equipped'} Kind
 */

/** @param {keyof typeof releases} release @param {Kind} kind */
export const packagesOf = (release, kind) => [
  ...server,
  ...(releases[release].node ? ['nodejs', 'npm'] : []),
  ...(kind === 'equipped' ? debianPackages.map(({ name }) => name) : []),
];
