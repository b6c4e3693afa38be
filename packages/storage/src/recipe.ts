import { createHash } from 'node:crypto';
import { shellFiles } from '@innkeeper/guest-shell';
import type { ImageDefinition } from '@innkeeper/model';

/**
 * Containers need systemd; a virtual machine of the same tree needs a kernel, udev and the guest agent. cloud-init and what
 * it sets up sleep in guests whose manifest says nothing of a first boot.
 */
const packages = [
  'systemd-sysv',
  'systemd-resolved',
  'dbus',
  'udev',
  'kmod',
  'iproute2',
  'netbase',
  'ca-certificates',
  'qemu-guest-agent',
  'linux-image-cloud-amd64',
  'cloud-init',
  'openssh-server',
  'sudo',
  'locales',
  'tzdata',
];

/**
 * What the tree gets beside packages. In a container the network is configured from outside before init runs,
 * so networkd and resolved look after virtual machines only.
 */
const files: Readonly<Record<string, string>> = {
  'etc/systemd/network/80-innkeeper-vm.network':
    '[Match]\nName=en* eth*\nVirtualization=vm\n\n[Network]\nDHCP=yes\n\n[DHCPv4]\nClientIdentifier=mac\n',
  'etc/systemd/system/systemd-networkd.service.d/innkeeper.conf': '[Unit]\nConditionVirtualization=vm\n',
  'etc/systemd/system/systemd-networkd.socket.d/innkeeper.conf': '[Unit]\nConditionVirtualization=vm\n',
  // Guests are called by one word on their network; resolved asks no server for such a name by itself. [resolved.conf(5)]
  'etc/systemd/resolved.conf.d/innkeeper.conf': '[Resolve]\nResolveUnicastSingleLabel=yes\n',
  'etc/systemd/system/systemd-resolved.service.d/innkeeper.conf': '[Unit]\nConditionVirtualization=vm\n',
  'etc/systemd/system/sys-kernel-debug.mount.d/innkeeper.conf': '[Unit]\nConditionVirtualization=!container\n',
  'etc/systemd/system/sys-kernel-tracing.mount.d/innkeeper.conf': '[Unit]\nConditionVirtualization=!container\n',
  'etc/systemd/system/sys-kernel-config.mount.d/innkeeper.conf': '[Unit]\nConditionVirtualization=!container\n',
  'etc/systemd/system/sys-fs-fuse-connections.mount.d/innkeeper.conf': '[Unit]\nConditionVirtualization=!container\n',
  'etc/systemd/system/innkeeper-grow-root.service':
    '[Unit]\nDescription=Grow the root file system to its disk\nConditionVirtualization=vm\nDefaultDependencies=no\nAfter=systemd-remount-fs.service\nBefore=local-fs.target\n\n[Service]\nType=oneshot\nExecStart=/lib/systemd/systemd-growfs /\n\n[Install]\nWantedBy=local-fs.target\n',
  // Two sources, of which one is never there: a single one is taken unseen, and cloud-init would run in every guest.
  // [cloud-init, ds-identify] Addresses come from outside, and the archive is the image's.
  'etc/cloud/cloud.cfg.d/90-innkeeper.cfg':
    'datasource_list: [NoCloud, ConfigDrive]\nnetwork: { config: disabled }\napt: { preserve_sources_list: true }\nlocale: C.UTF-8\n',
  // Keys are made at a guest's first boot, by cloud-init or by hand; until then nobody could log in.
  'etc/systemd/system/ssh.service.d/innkeeper.conf': '[Unit]\nConditionPathExistsGlob=/etc/ssh/ssh_host_*_key\n',
  // The kernel leaves a processor that was put in while it runs for somebody else to switch on.
  'usr/lib/udev/rules.d/80-innkeeper-processors.rules':
    'SUBSYSTEM=="cpu", ACTION=="add", TEST=="online", ATTR{online}!="1", ATTR{online}="1"\n',
  'etc/machine-id': '',
};

const enabledUnits: Readonly<Record<string, string>> = {
  'etc/systemd/system/multi-user.target.wants/systemd-networkd.service': '/lib/systemd/system/systemd-networkd.service',
  'etc/systemd/system/local-fs.target.wants/innkeeper-grow-root.service':
    '/etc/systemd/system/innkeeper-grow-root.service',
};

export interface Recipe {
  readonly suite: string;
  readonly components: string;
  readonly packages: readonly string[];
  readonly mirror: string | undefined;
  readonly files: Readonly<Record<string, string>>;
  readonly links: Readonly<Record<string, string>>;
  /** Removed at the end: a host name of the builder, package lists that age. */
  readonly remove: readonly string[];
}

/** `mirror` overrides mmdebstrap's own choice: the archive with its updates and security suites. */
export const recipeOf = (image: ImageDefinition, mirror?: string): Recipe | undefined =>
  image.source.kind === 'mmdebstrap'
    ? {
        suite: image.source.suite,
        components: image.source.components,
        packages,
        mirror,
        files: { ...files, ...shellFiles() },
        links: enabledUnits,
        remove: [
          'etc/hostname',
          'var/lib/apt/lists',
          'var/cache/apt',
          'var/lib/dbus/machine-id',
          ...['rsa', 'ecdsa', 'ed25519'].flatMap((kind) => [
            `etc/ssh/ssh_host_${kind}_key`,
            `etc/ssh/ssh_host_${kind}_key.pub`,
          ]),
        ],
      }
    : undefined;

/** Names everything that decides what comes out; another recipe is another image. */
export const recipeKey = (recipe: Recipe): string =>
  createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16);
