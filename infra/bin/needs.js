/**
 * What one machine needs, as data: read by set-up (built TypeScript) and by `--dry-run`, which works in a fresh clone
 * before anything is installed. Plain JavaScript for that reason. Types: needs.d.ts.
 */

export const node = {
  major: 20,
  minor: 19,
  howTo: [
    'Debian 13 and later: apt-get install nodejs npm',
    'Debian 12, Ubuntu 24.04 (they bring Node 18): NodeSource packages, see https://github.com/nodesource/distributions',
    'or nvm, without root, see https://github.com/nvm-sh/nvm: nvm install 22',
  ],
};

/** `optional`: a distribution may lack it; set-up goes on and `inn doctor` says what is missing. */
export const debianPackages = [
  { name: 'libvirt-daemon', why: 'keeps the guests of this machine' },
  { name: 'libvirt-daemon-system', why: 'its services, directories and rules' },
  { name: 'libvirt-clients', why: 'virsh, which Innkeeper speaks to libvirt with' },
  { name: 'libvirt-daemon-driver-lxc', why: 'containers' },
  { name: 'libvirt-daemon-driver-qemu', why: 'virtual machines' },
  { name: 'libvirt-daemon-config-network', why: 'the network "default"', optional: true },
  { name: 'qemu-system-x86', why: 'runs virtual machines' },
  { name: 'qemu-utils', why: 'disks of virtual machines (qcow2)' },
  { name: 'e2fsprogs', why: 'file systems of those disks (mkfs.ext4)' },
  { name: 'ovmf', why: 'UEFI firmware and Secure Boot' },
  { name: 'swtpm', why: 'a TPM for virtual machines that ask for one', optional: true },
  { name: 'swtpm-tools', why: 'makes the state of a new TPM', optional: true },
  { name: 'dnsmasq-base', why: 'addresses and names on libvirt networks' },
  { name: 'dnsmasq-utils', why: 'gives back the address of a removed guest' },
  { name: 'mmdebstrap', why: 'builds the Debian images' },
  { name: 'xz-utils', why: 'images that are imported as tar.xz', optional: true },
  { name: 'zstd', why: 'images that are imported as tar.zst', optional: true },
  { name: 'squashfs-tools', why: 'images that are imported as squashfs', optional: true },
  { name: 'restic', why: 'backups of workloads', optional: true },
  { name: 'xorriso', why: 'first-boot media (cloud-init)' },
  { name: 'cpio', why: 'initrds of small virtual machines' },
  { name: 'busybox-static', why: 'the smallest container and the acceleration test' },
  { name: 'iproute2', why: 'network interfaces' },
  { name: 'nftables', why: 'packet filter of networks' },
  { name: 'iptables', why: 'packet filter that libvirt itself uses' },
  { name: 'debian-archive-keyring', why: 'checks the packages that images are built from' },
];

/** Decision 6: every container shares root's inotify instances, and the kernel's 128 are used up by about a dozen. */
export const sysctls = {
  'fs.inotify.max_user_instances': 65536,
  'fs.inotify.max_user_watches': 1048576,
  'kernel.keys.maxkeys': 2000,
  'kernel.keys.maxbytes': 2000000,
};

export const groups = [{ name: 'innkeeper', why: 'its members may use the API without a token' }];
export const users = [{ name: 'innkeeper-db', why: 'runs the database; has no shell and no home' }];

/** Relative to the prefix. */
export const directories = [
  { path: '/var/lib/innkeeper', mode: 0o711, why: 'images, disks of guests, the database' },
  { path: '/run/innkeeper', mode: 0o755, why: 'sockets and process ids' },
  { path: '/etc/innkeeper', mode: 0o750, why: 'configuration' },
  { path: '/var/log/innkeeper', mode: 0o711, why: 'logs' },
];

export const files = [
  { path: '/etc/sysctl.d/60-innkeeper.conf', why: 'limits that many containers together run into' },
  { path: '/usr/local/bin/inn', why: 'the command, a link' },
];

/** libvirt's, so not below a prefix: there its name has the prefix at its end. */
export const hook = {
  path: '/etc/libvirt/hooks/lxc.d/innkeeper',
  why: "mounts a container's root before it starts, whoever starts it",
};

/** AppArmor's, named as the hook is; written only where AppArmor runs. */
export const profile = {
  path: '/etc/apparmor.d/innkeeper-container',
  why: 'what a container may do beside what its namespaces allow',
};

/** Written only where systemd runs. */
export const systemdFiles = [
  { path: '/etc/systemd/system/innkeeper.service', why: 'the control plane' },
  { path: '/etc/systemd/system/innkeeper-database.service', why: 'its database' },
  { path: '/etc/systemd/system/innkeeper-guests.service', why: 'asks guests to stop when the machine shuts down' },
  { path: '/etc/tmpfiles.d/innkeeper.conf', why: 'makes /run/innkeeper at boot' },
  { path: '/opt/innkeeper', why: 'the built program' },
];

export const services = [
  { name: 'libvirtd and its network "default"', why: 'a running one is used as it is' },
  { name: 'PostgreSQL 18', why: 'on a unix socket only, unless DATABASE_URL names another database' },
  { name: 'the control plane', why: 'API on a unix socket; with a token on http://127.0.0.1:7766' },
];

/** Environment variables of the control plane that up takes and keeps in /etc/innkeeper/environment. */
export const settings = [
  'DATABASE_URL',
  'INNKEEPER_LISTEN',
  'INNKEEPER_ACCELERATION',
  'INNKEEPER_HOST_NAME',
  'INNKEEPER_DRIVERS',
  'INNKEEPER_LIBVIRT_SECONDS',
  'INNKEEPER_IMAGE_MIRROR',
  'INNKEEPER_IMAGE_CACHE',
  'INNKEEPER_WEB',
  'INNKEEPER_AUDIT_DAYS',
  'INNKEEPER_TLS_CERT',
  'INNKEEPER_TLS_KEY',
  'INNKEEPER_INSECURE_BEHIND_PROXY',
  'INNKEEPER_SSH_CONFIG',
  'INNKEEPER_SSH_KNOWN_HOSTS',
  'INNKEEPER_SSH_IDENTITY',
  'INNKEEPER_LOG_LEVEL',
];

/** Measured on two cores. */
export const npm = { why: 'the libraries, and PostgreSQL itself', megabytes: 430, downloadMegabytes: 110, seconds: 30 };
export const build = { megabytes: 10, seconds: 20 };
export const images = [
  { name: 'debian/12', why: 'the guests of the example lab', downloadMegabytes: 100, megabytes: 300, seconds: 60 },
];
/** Bytes a second that the estimates assume, and how long unpacking takes beside. */
export const pace = { downloadBytesPerSecond: 5e6, unpackBytesPerSecond: 15e6 };
