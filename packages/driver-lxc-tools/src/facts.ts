import type { GuestDisk, HeldDevice } from '@innkeeper/model';
import { cpuPeriod } from './config.ts';

/** Key and value of each line; comments and empty lines are none. Files that it includes are not followed. */
export const configEntries = (text: string): readonly (readonly [string, string])[] =>
  text.split('\n').flatMap((entry) => {
    const match = /^\s*(lxc\.[^\s=]+)\s*=\s*(.*?)\s*$/.exec(entry);
    return match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const];
  });

const units: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Bytes as the kernel takes them: `536870912`, `512M`; undefined for no limit (`max`, `-1`). */
const bytesOf = (text: string | undefined): number | undefined => {
  const match = /^(\d+)([KMGT]?)i?B?$/i.exec(text ?? '');
  return match === null ? undefined : Number(match[1]) * (units[(match[2] ?? '').toUpperCase()] ?? 1);
};

/** What a config file says of a container, ours or not. */
export interface ConfigFacts {
  readonly cpus: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly addresses: readonly string[];
  readonly macs: readonly string[];
  readonly idRanges: readonly { readonly start: number; readonly count: number }[];
  readonly autostart: boolean;
  readonly disks: readonly GuestDisk[];
  readonly devices: readonly HeldDevice[];
}

/** A directory as LXC ≥ 3 writes it: `dir:/srv/box`, `btrfs:/srv/box` or the path alone. */
const rootDisk = (path: string | undefined): GuestDisk[] => {
  const source = path?.replace(/^(dir|btrfs):/, '');
  return source === undefined || source === '' ? [] : [{ target: '/', source, readonly: false }];
};

/** fstab(5): what, where, type, options. A space in a name is written \040. */
const mountsOf = (entries: readonly string[]) =>
  entries.map((entry) => {
    const [source = '', target = '', , options = ''] = entry.trim().split(/\s+/);
    const plain = (text: string): string => text.replaceAll('\\040', ' ');
    return {
      source: plain(source),
      target: `/${plain(target).replace(/^\/+/, '')}`,
      readonly: /(^|,)ro(,|$)/.test(options),
    };
  });

/** The kernel's own file systems, which everybody mounts. */
const ofKernel = /^\/(proc|sys|run)(\/|$)/;
const isDevice = ({ source }: Pick<GuestDisk, 'source'>): boolean => source.startsWith('/dev/');

const nodeOf = ({ source }: Pick<GuestDisk, 'source'>): HeldDevice => ({
  kind: 'node',
  address: source,
  text: `device ${source}`,
});

/** Interfaces of the host that a container takes for itself, by `lxc.net.N.type = phys`. */
const interfacesOf = (last: (key: string) => string | undefined, keys: readonly string[]): HeldDevice[] =>
  keys.flatMap((key): HeldDevice[] => {
    const position = /^lxc\.net\.(\d+)\.type$/.exec(key)?.[1];
    const link = position === undefined || last(key) !== 'phys' ? undefined : last(`lxc.net.${position}.link`);
    return link === undefined ? [] : [{ kind: 'net', address: link, text: `network interface ${link}` }];
  });

export const readConfigFacts = (text: string): ConfigFacts => {
  const entries = configEntries(text);
  // The last line of a key counts, as for LXC.
  const last = (key: string): string | undefined => entries.findLast(([name]) => name === key)?.[1];
  const all = (pattern: RegExp): string[] => entries.filter(([key]) => pattern.test(key)).map(([, value]) => value);
  const [max, period] = (last('lxc.cgroup2.cpu.max') ?? '').split(' ').map(Number);
  const mounts = mountsOf(all(/^lxc\.mount\.entry$/));
  const quota = Number(last('lxc.cgroup.cpu.cfs_quota_us') ?? max) || 0;
  const of = Number(last('lxc.cgroup.cpu.cfs_period_us') ?? period) || cpuPeriod;
  return {
    autostart: last('lxc.start.auto') === '1',
    disks: [
      ...rootDisk(last('lxc.rootfs.path')),
      ...mounts.filter((one) => one.source.startsWith('/') && !isDevice(one) && !ofKernel.test(one.source)),
    ],
    devices: [...mounts.filter(isDevice).map(nodeOf), ...interfacesOf(last, [...new Set(entries.map(([key]) => key))])],
    cpus: quota > 0 ? Math.max(1, Math.ceil(quota / of)) : undefined,
    memoryBytes: bytesOf(last('lxc.cgroup2.memory.max') ?? last('lxc.cgroup.memory.limit_in_bytes')),
    addresses: all(/^lxc\.net\.\d+\.ipv4\.address$/).map((address) => address.split('/')[0] ?? address),
    macs: all(/^lxc\.net\.\d+\.hwaddr$/).map((mac) => mac.toLowerCase()),
    idRanges: all(/^lxc\.idmap$/).flatMap((map) => {
      const [kind, , start, count] = map.split(/\s+/);
      return kind === 'u' && Number(count) > 0 ? [{ start: Number(start), count: Number(count) }] : [];
    }),
  };
};
