import type { PortableContainer, PortableInterface, PortableMount } from '@innkeeper/driver-contract';
import { InnkeeperError } from '@innkeeper/model';
import { configEntries, readConfigFacts } from './facts.ts';
import { bridge, network } from './layout.ts';

/** What says nothing that another backend would not do by itself, or is said again in other words. */
const carried =
  /^lxc\.(uts\.name|rootfs\.path|idmap|init\.cmd|start\.auto|net\.\d+\.(type|link|flags|name|hwaddr|ipv4\.(address|gateway)|ipv6\.address)|mount\.(entry|auto)|cgroup2?\.(memory\.(max|limit_in_bytes)|cpu\.(max|cfs_quota_us|cfs_period_us)))$/;

type Entries = ReturnType<typeof configEntries>;

const lastOf = (entries: Entries, key: string): string | undefined => entries.findLast(([name]) => name === key)?.[1];

const refuse = (name: string, what: string): never => {
  throw new InnkeeperError('unsupported', `${name} cannot be converted: ${what}`, {
    hint: 'lxc-tools goes on running it, also when it is adopted',
  });
};

/** `dir:/srv/web`, or the path alone; other storage is not a directory that somebody else could stand on. */
const rootOf = (name: string, entries: Entries): string => {
  const text = lastOf(entries, 'lxc.rootfs.path') ?? '';
  const path = text.replace(/^dir:/, '');
  return path.startsWith('/') ? path : refuse(name, `its root ${JSON.stringify(text)} is not a directory`);
};

/** Words of a line of fstab, in which a space is written \\040. */
const mountOf = (name: string, line: string): PortableMount[] => {
  const [source = '', target = '', type, options = ''] = line.split(/\s+/).map((word) => word.replaceAll('\\040', ' '));
  const flags = options.split(',');
  // libvirt mounts these itself.
  if (/^(proc|sysfs|tmpfs|devpts|mqueue|cgroup2?|securityfs|debugfs)$/.test(type ?? '')) return [];
  if (!source.startsWith('/') || !flags.some((flag) => flag === 'bind' || flag === 'rbind'))
    return refuse(name, `its mount ${JSON.stringify(line)} is not a directory of the host`);
  const inside = `/${target.replace(/^\/+/, '')}`;
  return [{ source, target: inside, readonly: flags.includes('ro') }];
};

const interfaceOf = (name: string, entries: Entries, position: string): PortableInterface[] => {
  const value = (key: string): string | undefined => lastOf(entries, `lxc.net.${position}.${key}`);
  const type = value('type');
  if (type === 'empty') return [];
  const [link, mac] = [value('link'), value('hwaddr')];
  if (type !== 'veth' || link === undefined)
    return refuse(name, `its interface ${position} is of type ${type ?? 'none'}, and not one on a bridge`);
  if (mac === undefined) return refuse(name, `its interface ${position} has no hwaddr: its address would be another`);
  const gateway = value('ipv4.gateway');
  const addresses = entries.flatMap(([key, text]) =>
    key === `lxc.net.${position}.ipv4.address` || key === `lxc.net.${position}.ipv6.address`
      ? [text.split(' ')[0] ?? text]
      : [],
  );
  return [
    {
      mac: mac.toLowerCase(),
      bridge: link,
      addresses,
      ...(link === bridge ? { network } : {}),
      ...(gateway === undefined || gateway === 'auto' ? {} : { gateway }),
    },
  ];
};

const positionsOf = (entries: Entries): string[] => [
  ...new Set(entries.flatMap(([key]) => /^lxc\.net\.(\d+)\./.exec(key)?.[1] ?? [])),
];

const idsOf = (entries: Entries): PortableContainer['ids'] => {
  const maps = entries.flatMap(([key, text]) => {
    const [kind, start, target, count] = text.split(/\s+/);
    return key === 'lxc.idmap' ? [{ kind, start: Number(start), target: Number(target), count: Number(count) }] : [];
  });
  const of = (wanted: string) =>
    maps
      .filter(({ kind }) => kind === wanted || kind === 'b')
      .map(({ start, target, count }) => ({ start, target, count }));
  return { uid: of('u'), gid: of('g') };
};

/** A container in words of no backend. Throws `unsupported` naming what cannot be carried over. */
export const portableOf = (name: string, text: string): PortableContainer => {
  const entries = configEntries(text);
  const fstab = lastOf(entries, 'lxc.mount.fstab') ?? lastOf(entries, 'lxc.mount');
  if (fstab !== undefined) refuse(name, `its mounts are in ${fstab}; write them as lxc.mount.entry`);
  const facts = readConfigFacts(text);
  const ids = idsOf(entries);
  return {
    name,
    root: rootOf(name, entries),
    init: (lastOf(entries, 'lxc.init.cmd') ?? '/sbin/init').split(/\s+/),
    cpus: facts.cpus,
    memoryBytes: facts.memoryBytes,
    ids,
    interfaces: positionsOf(entries).flatMap((position) => interfaceOf(name, entries, position)),
    mounts: entries.flatMap(([key, line]) => (key === 'lxc.mount.entry' ? mountOf(name, line) : [])),
    autostart: lastOf(entries, 'lxc.start.auto') === '1',
    lost: [
      ...entries.filter(([key]) => !carried.test(key)).map(([key, value]) => `${key} ${value}`.slice(0, 160)),
      ...(ids.uid.length === 0 ? ['it has no lxc.idmap: its root stays the root of the host'] : []),
    ],
  };
};
