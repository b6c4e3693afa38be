import type { GuestStats } from '@innkeeper/model';
import { type GuestCgroup, guestCgroup } from './cgroups.ts';
import type { Host } from './host.ts';

/** A process of a guest that shares the host's kernel: its control group and network are the guest's. */
export interface GuestProcess {
  readonly key: string;
  readonly pid: number;
}

type Figures = Omit<GuestStats, 'ownDiskBytes' | 'sharedDiskBytes'>;

interface Figure {
  /** File of the guest's cgroup; undefined where this layout has none. */
  readonly path: (cgroup: GuestCgroup) => string | undefined;
  readonly read: (text: string, layout: 1 | 2) => Figures;
}

const fileOf =
  (controller: string, v1: string | undefined, v2: string | undefined) =>
  ({ layout, folder }: GuestCgroup): string | undefined => {
    const [directory, file] = [folder(controller), layout === 1 ? v1 : v2];
    return directory === undefined || file === undefined ? undefined : `${directory}/${file}`;
  };

const only = <K extends keyof Figures>(key: K, value: Figures[K] | undefined): Figures =>
  value === undefined ? {} : { [key]: value };

const firstNumber = (text: string, pattern = /^(\d+)$/m): number | undefined => {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
};

/** blkio.throttle.io_service_bytes has `8:0 Read 4096`, io.stat `8:0 rbytes=4096 wbytes=0 …`: a row for each device. */
const bytesMoved = (text: string, pattern: RegExp): number => {
  const all = [...text.matchAll(pattern)].map(([, bytes]) => Number(bytes));
  return all.reduce((sum, bytes) => sum + bytes, 0);
};

const diskFigures = (text: string, layout: 1 | 2): Figures => ({
  ...only('diskReadBytes', bytesMoved(text, layout === 1 ? /^\d+:\d+ Read (\d+)$/gm : / rbytes=(\d+)/g)),
  ...only('diskWrittenBytes', bytesMoved(text, layout === 1 ? /^\d+:\d+ Write (\d+)$/gm : / wbytes=(\d+)/g)),
});

const pressureOf =
  (kind: 'cpu' | 'memory' | 'io') =>
  (text: string): Figures => {
    const share = firstNumber(text, /^some avg10=([\d.]+)/m);
    return share === undefined ? {} : { pressure: { [kind]: share } };
  };

/** Kernel documentation: cgroup-v1/{memory,cpuacct,blkio-controller}, cgroup-v2, accounting/psi. */
const figures: readonly Figure[] = [
  {
    path: fileOf('memory', 'memory.usage_in_bytes', 'memory.current'),
    read: (text) => only('memoryBytes', firstNumber(text)),
  },
  {
    path: fileOf('memory', 'memory.stat', 'memory.stat'),
    read: (text, layout) =>
      only('memoryCacheBytes', firstNumber(text, layout === 1 ? /^total_cache (\d+)$/m : /^file (\d+)$/m)),
  },
  {
    path: fileOf('cpuacct', 'cpuacct.usage', undefined),
    read: (text) => only('cpuSeconds', (firstNumber(text) ?? 0) / 1e9),
  },
  {
    path: fileOf('cpu', undefined, 'cpu.stat'),
    read: (text) => only('cpuSeconds', (firstNumber(text, /^usage_usec (\d+)$/m) ?? 0) / 1e6),
  },
  { path: fileOf('pids', 'pids.current', 'pids.current'), read: (text) => only('processes', firstNumber(text)) },
  { path: fileOf('blkio', 'blkio.throttle.io_service_bytes_recursive', 'io.stat'), read: diskFigures },
  { path: fileOf('cpu', undefined, 'cpu.pressure'), read: pressureOf('cpu') },
  { path: fileOf('memory', undefined, 'memory.pressure'), read: pressureOf('memory') },
  { path: fileOf('io', undefined, 'io.pressure'), read: pressureOf('io') },
];

/** Bytes of its network, of all interfaces but loopback, from inside: received is what the guest received. */
const traffic = (text: string | undefined): Figures => {
  const rows = (text ?? '').split('\n').flatMap((row) => {
    const [, name, numbers = ''] = /^\s*([^:\s|]+):\s*(.*)$/.exec(row) ?? [];
    return name === undefined || name === 'lo' ? [] : [numbers.split(/\s+/).map(Number)];
  });
  const sum = (column: number): number => rows.reduce((total, row) => total + (row[column] ?? 0), 0);
  return rows.length === 0 ? {} : { receivedBytes: sum(0), sentBytes: sum(8) };
};

/** Page cache that the kernel would give back at once is not in use, as `docker stats` counts it. */
const inactive = (text: string | undefined, layout: 1 | 2): number =>
  firstNumber(text ?? '', layout === 1 ? /^total_inactive_file (\d+)$/m : /^inactive_file (\d+)$/m) ?? 0;

interface Reading {
  readonly key: string;
  readonly layout: 1 | 2;
  readonly network: string;
  readonly files: readonly { readonly path: string; readonly read: Figure['read'] }[];
}

const readingOf = ({ key, pid }: GuestProcess, cgroupText: string | undefined, own: RegExp): Reading[] => {
  const cgroup = guestCgroup(cgroupText ?? '', own);
  if (cgroup === undefined) return [];
  const files = figures.flatMap(({ path, read }) => {
    const file = path(cgroup);
    return file === undefined ? [] : [{ path: file, read }];
  });
  return [{ key, layout: cgroup.layout, network: `/proc/${pid}/net/dev`, files }];
};

const statsOf = ({ layout, network, files }: Reading, text: ReadonlyMap<string, string | undefined>): Figures => {
  const parts = files.map(({ path, read }) => {
    const found = text.get(path);
    return found === undefined ? {} : read(found, layout);
  });
  const pressure = Object.assign({}, ...parts.map((part) => part.pressure ?? {}));
  const all: Figures = Object.assign({}, ...parts, traffic(text.get(network)));
  const { memoryBytes, pressure: _last, ...rest } = all;
  const stat = text.get(files.find(({ path }) => path.endsWith('/memory.stat'))?.path ?? '');
  return {
    ...rest,
    ...(memoryBytes === undefined ? {} : { memoryBytes: Math.max(0, memoryBytes - inactive(stat, layout)) }),
    ...(Object.keys(pressure).length === 0 ? {} : { pressure }),
  };
};

/** What guests use, by key: two readings of many files, however many guests there are. `own` as in {@link guestCgroup}. */
export const readUsage = async (
  host: Pick<Host, 'files'>,
  guests: readonly GuestProcess[],
  own: RegExp,
): Promise<Map<string, Figures>> => {
  const cgroups = await host.files.readTexts(guests.map(({ pid }) => `/proc/${pid}/cgroup`));
  const readings = guests.flatMap((guest, index) => readingOf(guest, cgroups[index], own));
  const paths = readings.flatMap(({ network, files }) => [network, ...files.map(({ path }) => path)]);
  const texts = await host.files.readTexts(paths);
  const atMs = Date.now();
  const byPath = new Map(paths.map((path, index) => [path, texts[index]]));
  return new Map(readings.map((reading) => [reading.key, { atMs, ...statsOf(reading, byPath) }]));
};
