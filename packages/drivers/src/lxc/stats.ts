import type { Host } from '@innkeeper/host';
import type { GuestStats } from '@innkeeper/model';

interface CgroupPaths {
  /** Directory of one controller on v1, or of the one hierarchy on v2; undefined when it is not mounted. */
  readonly of: (controller: string) => string | undefined;
  readonly version: 1 | 2;
}

/** The part of a path that is the container's own, above what its systemd makes inside. */
const machinePart = (path: string): string => {
  const match = /^(.*?(?:\.libvirt-lxc|machine-lxc[^/]*\.scope))(?:\/|$)/.exec(path);
  return match?.[1] ?? path;
};

const cgroupsOf = async (host: Host, pid: number): Promise<CgroupPaths | undefined> => {
  const text = await host.files.readTextIfThere(`/proc/${pid}/cgroup`);
  if (text === undefined) return undefined;
  const lines = text.split('\n').flatMap((line) => {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    return match === null ? [] : [{ controllers: (match[1] ?? '').split(','), path: machinePart(match[2] ?? '/') }];
  });
  const v1 = lines.find(({ controllers }) => controllers.includes('memory'));
  if (v1 === undefined) {
    const [only] = lines;
    return only === undefined ? undefined : { version: 2, of: () => `/sys/fs/cgroup${only.path}` };
  }
  return {
    version: 1,
    of: (controller) => {
      const line = lines.find(({ controllers }) => controllers.includes(controller));
      return line === undefined ? undefined : `/sys/fs/cgroup/${controller}${line.path}`;
    },
  };
};

const numberIn = (text: string | undefined, key?: string): number | undefined => {
  const found = key === undefined ? text : new RegExp(`^${key} (\\d+)$`, 'm').exec(text ?? '')?.[1];
  const value = Number.parseInt(found ?? '', 10);
  return Number.isFinite(value) ? value : undefined;
};

const difference = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? undefined : Math.max(0, a - (b ?? 0));

const defined = (stats: Record<keyof GuestStats, number | undefined>): GuestStats =>
  Object.fromEntries(Object.entries(stats).filter(([, value]) => value !== undefined));

/** Memory is without the page cache that the kernel would give back at once (inactive files), as `docker stats` counts it. */
export const readCgroupStats = async (host: Host, pid: number): Promise<GuestStats> => {
  const cgroups = await cgroupsOf(host, pid);
  if (cgroups === undefined) return {};
  const read = (controller: string, file: string): Promise<string | undefined> => {
    const folder = cgroups.of(controller);
    return folder === undefined ? Promise.resolve(undefined) : host.files.readTextIfThere(`${folder}/${file}`);
  };
  const one = cgroups.version === 1;
  const memoryStat = await read('memory', 'memory.stat');
  const used = numberIn(await read('memory', one ? 'memory.usage_in_bytes' : 'memory.current'));
  const cpu = one
    ? numberIn(await read('cpuacct', 'cpuacct.usage'))
    : numberIn(await read('cpu', 'cpu.stat'), 'usage_usec');
  return defined({
    memoryBytes: difference(used, numberIn(memoryStat, one ? 'total_inactive_file' : 'inactive_file')),
    cpuSeconds: cpu === undefined ? undefined : cpu / (one ? 1e9 : 1e6),
    processes: numberIn(await read('pids', 'pids.current')),
    ownDiskBytes: undefined,
    receivedBytes: undefined,
    sentBytes: undefined,
  });
};
