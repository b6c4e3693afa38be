/** What the machine is made of: what a small fresh server has, and nothing that Innkeeper has to install. @module */

export const suite = 'trixie';
export const kernelArguments = 'root=/dev/vda rw console=ttyS0 net.ifnames=0';
export const diskBytes = 16 * 2 ** 30;

export const packages = [
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
  'nodejs',
  'npm',
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
