import { defaultPool, formatSize, formatUptime, type WorkloadView } from '@innkeeper/model';
import { dim, green, plain, red, yellow } from './style.ts';
import { type Column, table } from './table.ts';

const none = '–';

const paintState = (text: string, { state, managed, readiness }: WorkloadView): string => {
  if (!managed) return dim(text);
  if (readiness?.ready === false) return yellow(text);
  if (state === 'running') return green(text);
  if (state === 'failed' || state === 'missing') return red(text);
  return state === 'stopped' ? dim(text) : yellow(text);
};

const size = (bytes: number | undefined): string => (bytes === undefined ? none : formatSize(bytes));

const uptime = ({ startedAt, state }: WorkloadView): string =>
  startedAt === undefined || state !== 'running' ? none : formatUptime((Date.now() - Date.parse(startedAt)) / 1000);

const kind = ({ backend, managed, adopted }: WorkloadView): string =>
  `${backend === 'lxc' ? 'container' : backend === 'kvm' ? 'vm' : none}${managed ? (adopted === true ? ' (adopted)' : '') : ' (foreign)'}`;

const state = (view: WorkloadView): string => {
  if (view.state === 'waiting') return view.state;
  if (view.operation !== undefined) return `${view.state} (${view.operation.progress ?? view.operation.kind})`;
  if (view.readiness?.ready === false) return `${view.state} (not ready)`;
  return view.drift.length > 0 ? `${view.state}*` : view.state;
};

/** `in 4s`; undefined for a time that is over. */
const until = (at: string | undefined): string | undefined =>
  at === undefined || Date.parse(at) <= Date.now()
    ? undefined
    : `in ${formatUptime((Date.parse(at) - Date.now()) / 1000)}`;

/** `3`, or `3, next in 8s`. */
const restarts = ({ managed, restarts, nextRestartAt }: WorkloadView): string => {
  if (!managed) return none;
  const next = until(nextRestartAt);
  return `${restarts ?? 0}${next === undefined ? '' : `, next ${next}`}`;
};

const columns: readonly Column<WorkloadView>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'STATE', value: state, paint: paintState },
  { title: 'KIND', value: kind },
  { title: 'HOST', value: ({ host }) => host ?? none },
  { title: 'IMAGE', value: ({ image }) => image ?? none },
  { title: 'CPUS', value: ({ cpus }) => String(cpus ?? none), right: true },
  {
    title: 'MEMORY',
    value: ({ stats, memoryBytes }) => `${size(stats?.memoryBytes)}/${size(memoryBytes)}`,
    right: true,
  },
  { title: 'OWN DISK', value: ({ stats }) => size(stats?.ownDiskBytes), right: true },
  { title: 'ADDRESS', value: ({ addresses }) => (addresses.length === 0 ? none : addresses.join(',')) },
  { title: 'UPTIME', value: uptime, right: true },
];

const wideColumns: readonly Column<WorkloadView>[] = [
  ...columns,
  { title: 'POOL', value: ({ managed, spec }) => (managed ? (spec?.pool ?? defaultPool) : none) },
  { title: 'SHARED DISK', value: ({ stats }) => size(stats?.sharedDiskBytes), right: true },
  {
    title: 'LABELS',
    value: ({ labels }) =>
      Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(',') || none,
  },
  { title: 'RESTARTS', value: restarts, right: true },
  { title: 'EXPIRES', value: ({ expiresAt }) => until(expiresAt) ?? none, right: true },
  { title: 'WHY', value: ({ reason }) => reason ?? none },
];

export const workloadTable = (views: readonly WorkloadView[], wide: boolean): string => {
  const drifting = views.filter(({ drift }) => drift.length > 0);
  const unready = views.filter(({ readiness, operation }) => readiness?.ready === false && operation === undefined);
  const waiting = views.filter(({ state }) => state === 'waiting');
  const notes = [
    ...drifting.map(({ name, drift }) => `* ${name}: ${drift.join('; ')}`),
    ...unready.map(({ name, readiness }) => `… ${name} is not ready: ${readiness?.text}`),
    ...waiting.map(({ name, operation }) => `… ${name} waits: ${operation?.progress ?? 'for room'}`),
  ];
  return [table(wide ? wideColumns : columns, views), ...notes.map(plain)].join('\n');
};

const othersText = (count: number): string =>
  `${count === 1 ? '1 guest' : `${count} guests`} that Innkeeper did not create: inn ls --all`;

/** The table of all, or of those that are ours with a line that says how many others there are. */
export const workloadList = (
  views: readonly WorkloadView[],
  { all, wide }: { readonly all: boolean; readonly wide: boolean },
): string => {
  const shown = all ? views : views.filter(({ managed }) => managed);
  const others = views.length - shown.length;
  return [
    shown.length === 0 ? 'no workloads yet; try: inn run debian/12 --name first' : workloadTable(shown, wide),
    ...(others === 0 ? [] : [dim(othersText(others))]),
  ].join('\n');
};
