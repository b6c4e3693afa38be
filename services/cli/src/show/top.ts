import { formatSize, type WorkloadView } from '@innkeeper/model';
import { type Column, table } from './table.ts';

const none = '–';

/** What a guest did between two readings. Bytes and processors are per second; a figure that is not known is missing. */
export interface Rates {
  /** 1 is one whole processor. */
  readonly cpus?: number;
  readonly diskRead?: number;
  readonly diskWritten?: number;
  readonly received?: number;
  readonly sent?: number;
}

export interface TopRow {
  readonly view: WorkloadView;
  readonly rates: Rates;
}

type Counter = 'cpuSeconds' | 'diskReadBytes' | 'diskWrittenBytes' | 'receivedBytes' | 'sentBytes';

const counters: Readonly<Record<keyof Rates, Counter>> = {
  cpus: 'cpuSeconds',
  diskRead: 'diskReadBytes',
  diskWritten: 'diskWrittenBytes',
  received: 'receivedBytes',
  sent: 'sentBytes',
};

/** A counter that went back belongs to a guest that was started again in between: it has no rate yet. */
const ratesBetween = (before: WorkloadView['stats'], now: WorkloadView['stats']): Rates => {
  const seconds = ((now?.atMs ?? 0) - (before?.atMs ?? 0)) / 1000;
  if (before?.atMs === undefined || now?.atMs === undefined || seconds <= 0) return {};
  return Object.fromEntries(
    Object.entries(counters).flatMap(([rate, counter]) => {
      const [first, last] = [before[counter], now[counter]];
      return first === undefined || last === undefined || last < first ? [] : [[rate, (last - first) / seconds]];
    }),
  );
};

/** Those that run or are paused, with what they did since the reading before. */
export const topRows = (before: readonly WorkloadView[], now: readonly WorkloadView[]): TopRow[] =>
  now
    .filter(({ state }) => state === 'running' || state === 'paused')
    .map((view) => ({ view, rates: ratesBetween(before.find(({ id }) => id === view.id)?.stats, view.stats) }));

export const sortings = ['cpu', 'memory', 'disk', 'network', 'name'] as const;
export type Sorting = (typeof sortings)[number];

const weight: Readonly<Record<Exclude<Sorting, 'name'>, (row: TopRow) => number>> = {
  cpu: ({ rates }) => rates.cpus ?? -1,
  memory: ({ view }) => view.stats?.memoryBytes ?? -1,
  disk: ({ rates }) => (rates.diskRead ?? 0) + (rates.diskWritten ?? 0),
  network: ({ rates }) => (rates.received ?? 0) + (rates.sent ?? 0),
};

/** Those who use most first; by name where they use the same. */
export const sortTop = (rows: readonly TopRow[], by: Sorting): TopRow[] =>
  [...rows].sort((a, b) => {
    const more = by === 'name' ? 0 : weight[by](b) - weight[by](a);
    return more === 0 ? a.view.name.localeCompare(b.view.name) : more;
  });

const perSecond = (bytes: number | undefined): string =>
  bytes === undefined ? none : `${formatSize(Math.round(bytes))}/s`;
const size = (bytes: number | undefined): string => (bytes === undefined ? none : formatSize(bytes));

const pressure = ({ view }: TopRow): string => {
  const { cpu, memory, io } = view.stats?.pressure ?? {};
  return [cpu, memory, io].every((share) => share === undefined)
    ? none
    : [cpu, memory, io].map((share) => (share === undefined ? none : share.toFixed(0))).join('/');
};

const columns: readonly Column<TopRow>[] = [
  { title: 'NAME', value: ({ view }) => view.name },
  { title: 'KIND', value: ({ view }) => (view.backend === 'lxc' ? 'container' : 'vm') },
  { title: 'HOST', value: ({ view }) => view.host ?? none },
  {
    title: 'CPU%',
    value: ({ rates }) => (rates.cpus === undefined ? none : (rates.cpus * 100).toFixed(1)),
    right: true,
  },
  {
    title: 'MEMORY',
    value: ({ view }) => `${size(view.stats?.memoryBytes)}/${size(view.memoryBytes)}`,
    right: true,
  },
  { title: 'CACHE', value: ({ view }) => size(view.stats?.memoryCacheBytes), right: true },
  { title: 'READ', value: ({ rates }) => perSecond(rates.diskRead), right: true },
  { title: 'WRITTEN', value: ({ rates }) => perSecond(rates.diskWritten), right: true },
  { title: 'RECEIVED', value: ({ rates }) => perSecond(rates.received), right: true },
  { title: 'SENT', value: ({ rates }) => perSecond(rates.sent), right: true },
  { title: 'PROCS', value: ({ view }) => String(view.stats?.processes ?? none), right: true },
  { title: 'PRESSURE', value: pressure, right: true },
];

export const topTable = (rows: readonly TopRow[]): string =>
  rows.length === 0 ? 'nothing runs' : table(columns, rows);
