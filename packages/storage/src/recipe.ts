import { createHash } from 'node:crypto';
import { shellFiles } from '@innkeeper/guest-shell';
import type { Distribution, ImageDefinition, ImageSource } from '@innkeeper/model';
import { ubuntuArchiveKey } from './archive-keys.ts';

type Built = Extract<ImageSource, { kind: 'mmdebstrap' }>;

/**
 * Containers need systemd; a virtual machine of the same tree needs a kernel, udev and the guest agent. cloud-init and what
 * it sets up sleep in guests whose manifest says nothing of a first boot.
 */
const common = [
  'systemd-sysv',
  'systemd-resolved',
  'dbus',
  'udev',
  'kmod',
  'iproute2',
  'netbase',
  'ca-certificates',
  'qemu-guest-agent',
  'cloud-init',
  'openssh-server',
  'sudo',
  'locales',
  'tzdata',
];

/** Without what is only recommended, Ubuntu's kernels come without anything that makes an initrd. */
const kernels: Readonly<Record<Distribution, readonly string[]>> = {
  debian: ['linux-image-cloud-amd64'],
  ubuntu: ['linux-image-virtual', 'initramfs-tools'],
};

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
  /** Lines of sources.list, where mmdebstrap does not know the suite by itself, and the key that signs them, in base64. */
  readonly archives?: readonly string[];
  readonly archiveKey?: string;
  readonly files: Readonly<Record<string, string>>;
  readonly links: Readonly<Record<string, string>>;
  /** Removed at the end: a host name of the builder, package lists that age. */
  readonly remove: readonly string[];
}

/** What is set is the mirror of Debian, or with commas between them one of each: `http://mirror/debian,ubuntu=http://mirror/ubuntu`. */
const mirrorOf = (distribution: Distribution, setting = ''): string | undefined => {
  const named = new Map(
    setting.split(',').flatMap((text): [string, string][] => {
      const [, name = 'debian', url = ''] = /^\s*(?:([a-z]+)=)?(\S+)\s*$/.exec(text) ?? [];
      return url === '' ? [] : [[name, url]];
    }),
  );
  return named.get(distribution);
};

const ubuntuArchive = 'http://archive.ubuntu.com/ubuntu';

const archivesOf = (source: Built, mirror = ubuntuArchive): Pick<Recipe, 'archives' | 'archiveKey'> =>
  source.distribution === 'debian'
    ? {}
    : {
        archives: ['', '-updates', '-security'].map(
          (part) => `deb ${mirror} ${source.suite}${part} ${source.components}`,
        ),
        archiveKey: ubuntuArchiveKey,
      };

const packagesOf = ({ distribution }: Built): readonly string[] => {
  const at = common.indexOf('cloud-init');
  return [...common.slice(0, at), ...kernels[distribution], ...common.slice(at)];
};

/** `mirror` overrides mmdebstrap's own choice: the archive with its updates and security suites. */
export const recipeOf = ({ source }: ImageDefinition, mirror?: string): Recipe | undefined => {
  if (source.kind !== 'mmdebstrap') return undefined;
  const own = mirrorOf(source.distribution, mirror);
  return {
    suite: source.suite,
    components: source.components,
    packages: packagesOf(source),
    mirror: source.distribution === 'debian' ? own : undefined,
    ...archivesOf(source, own),
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
  };
};

/** Names everything that decides what comes out; another recipe is another image. */
export const recipeKey = (recipe: Recipe): string =>
  createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16);
