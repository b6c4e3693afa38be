import {
  findGuests,
  findWorkloads,
  type GuestRow,
  type HostRow,
  listGuests,
  listHosts,
  listOperations,
  listWorkloads,
  type OperationRow,
  type StepRow,
  type WorkloadRow,
} from '@innkeeper/inventory';
import {
  completeSpec,
  type GuestStats,
  inScope,
  isAdopted,
  type OperationView,
  projectOf,
  type WorkloadState,
  type WorkloadView,
  withoutSecrets,
} from '@innkeeper/model';
import type { Identity } from './access/identity.ts';
import type { Control } from './control.ts';
import { driftOf } from './drift.ts';
import { isForeign, lostReason } from './foreign.ts';
import { expiryOf } from './lifecycle/decide.ts';
import { readinessOf } from './readiness/state.ts';

export const time = (date: Date | null): string | undefined => date?.toISOString();

export const optional = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

export const operationViewOf = (row: OperationRow, steps: readonly StepRow[]): OperationView => ({
  id: row.id,
  kind: row.kind,
  workload: { id: row.workloadId, name: row.workloadName },
  who: row.who,
  state: row.state,
  steps: steps
    .filter(({ operationId }) => operationId === row.id)
    .map((step) => ({
      name: step.name,
      state: step.state,
      ...optional({ text: step.text ?? undefined, startedAt: time(step.startedAt), finishedAt: time(step.finishedAt) }),
    })),
  createdAt: row.createdAt.toISOString(),
  ...optional({
    progress: row.progress ?? undefined,
    error: row.error ?? undefined,
    startedAt: time(row.startedAt),
    finishedAt: time(row.finishedAt),
  }),
});

/** Whether nothing has been heard of a host lately. */
export const isSilent = (host: Pick<HostRow, 'state'> | undefined): boolean =>
  host !== undefined && (host.state === 'unreachable' || host.state === 'suspect');

/**
 * | record   | host up | guest seen | state           |
 * |----------|---------|------------|-----------------|
 * | ready    | no      | –          | unknown         |
 * | ready    | yes     | yes        | the guest's     |
 * | ready    | yes     | no         | missing         |
 * | others   | –       | –          | the record's    |
 * One whose operation was put aside is waiting, unless it has a guest: that is what it is, whatever is to be done with it later.
 */
export const stateOf = (
  row: WorkloadRow,
  host: Pick<HostRow, 'state'> | undefined,
  guest: { readonly observation: Pick<GuestRow['observation'], 'state'> } | undefined,
  waiting: boolean,
): WorkloadState => {
  if (waiting && row.state !== 'ready') return 'waiting';
  if (row.state !== 'ready') return row.state;
  if (isSilent(host)) return 'unknown';
  if (guest === undefined) return 'missing';
  return guest.observation.state === 'other' ? 'unknown' : guest.observation.state;
};

interface Known {
  readonly rows: readonly WorkloadRow[];
  readonly hosts: readonly HostRow[];
  readonly guests: readonly GuestRow[];
  readonly unfinished: readonly OperationRow[];
}

/** More than anybody has. */
const allUnfinished = { limit: 100_000, unfinishedOnly: true } as const;

/** What the state of workloads is told from: four statements, however many there are. */
export const readAll = async ({ inventory: { db } }: Pick<Control, 'inventory'>): Promise<Known> => {
  const [rows, hosts, guests, unfinished] = await Promise.all([
    listWorkloads(db),
    listHosts(db),
    listGuests(db),
    listOperations(db, allUnfinished),
  ]);
  return { rows, hosts, guests, unfinished };
};

/** The same of some alone, by their names or ids. */
const readSome = async ({ inventory: { db } }: Pick<Control, 'inventory'>, refs: readonly string[]): Promise<Known> => {
  const [rows, hosts] = await Promise.all([findWorkloads(db, refs), listHosts(db)]);
  const workloadIds = rows.map(({ id }) => id);
  const [guests, unfinished] = await Promise.all([
    findGuests(db, [...refs, ...workloadIds]),
    listOperations(db, { ...allUnfinished, workloadIds }),
  ]);
  return { rows, hosts, guests, unfinished };
};

const guestOf = (row: WorkloadRow, { guests }: Known): GuestRow | undefined =>
  row.placed === null
    ? undefined
    : guests.find(
        (guest) => guest.uuid === row.id && guest.host === row.placed?.host && guest.driver === row.placed.driver,
      );

const managedView = (row: WorkloadRow, known: Known): WorkloadView => {
  const guest = guestOf(row, known);
  const spec = completeSpec(row.spec);
  const host = known.hosts.find(({ name }) => name === row.placed?.host);
  const operation = known.unfinished.find(({ workloadId }) => workloadId === row.id);
  return {
    id: row.id,
    name: row.name,
    managed: true,
    state: stateOf(row, host, guest, operation?.state === 'waiting'),
    image: spec.image.name,
    cpus: spec.cpus,
    memoryBytes: spec.memoryBytes,
    addresses: guest?.observation.addresses ?? [],
    labels: { ...spec.labels },
    spec: row.spec,
    generation: row.generation,
    createdAt: row.createdAt.toISOString(),
    // While something is being done about it, a difference is no drift.
    drift: driftOf(row, guest, operation !== undefined || row.nextRestartAt !== null),
    ...optional({
      // What an adopted guest stands on is known to its owner.
      diskBytes: isAdopted(row.spec) ? undefined : spec.diskBytes,
      backend: row.placed?.backend,
      driver: row.placed?.driver,
      host: row.placed?.host,
      reason: row.reason ?? undefined,
      startedAt:
        guest?.observation.startedAtMs === undefined
          ? undefined
          : new Date(guest.observation.startedAtMs).toISOString(),
      restarts: row.restarts === 0 ? undefined : row.restarts,
      nextRestartAt: time(row.nextRestartAt),
      expiresAt: expiryOf({ spec, createdAt: row.createdAt })?.toISOString(),
      readiness: readinessOf(row, guest),
      graphics: guest?.observation.graphics,
      adopted: isAdopted(row.spec) ? true : undefined,
      convertedFrom: row.placed?.convertedFrom?.driver,
      guestName: row.placed?.guestName === row.name ? undefined : row.placed?.guestName,
      autostart: guest?.observation.autostart,
      persistent: guest?.observation.persistent,
      devices: guest?.observation.devices?.length === 0 ? undefined : guest?.observation.devices,
      error: row.error ?? undefined,
      operation:
        operation === undefined
          ? undefined
          : { id: operation.id, kind: operation.kind, ...optional({ progress: operation.progress ?? undefined }) },
    }),
  };
};

/** A guest that is just being removed may be seen once more after its workload is gone. */
const lastingMs = 3000;

const isLasting = ({ lost, seenAt }: GuestRow): boolean => lost !== true || Date.now() - seenAt.getTime() >= lastingMs;

const foreignView = (guest: GuestRow, silent: boolean, installation: string): WorkloadView => ({
  ...foreignGuest(guest, silent),
  ...optional({ reason: lostReason(guest, installation) }),
});

const foreignGuest = ({ host, driver, observation }: GuestRow, silent: boolean): WorkloadView => ({
  id: observation.uuid,
  name: observation.name,
  managed: false,
  state: silent || observation.state === 'other' ? 'unknown' : observation.state,
  backend: driver === 'kvm' ? 'kvm' : 'lxc',
  driver,
  host,
  cpus: observation.cpus,
  memoryBytes: observation.memoryBytes,
  addresses: observation.addresses,
  labels: {},
  drift: [],
  ...optional({
    image: observation.imageGuess,
    startedAt: observation.startedAtMs === undefined ? undefined : new Date(observation.startedAtMs).toISOString(),
    graphics: observation.graphics,
    autostart: observation.autostart,
    persistent: observation.persistent,
    disks: observation.disks,
    devices: observation.devices,
  }),
});

const statsMs = 5000;

/** Nothing from a host that has just gone: the list of all others does not wait until that is known. */
const soon = (reading: Promise<Map<string, GuestStats>>): Promise<Map<string, GuestStats>> =>
  new Promise((resolve) => {
    const none = (): void => resolve(new Map());
    const timer = setTimeout(none, statsMs);
    reading.then(resolve, none).finally(() => clearTimeout(timer));
  });

/** What guests cost now: one call per driver, however many guests. */
const withStats = async (
  control: Control,
  views: readonly WorkloadView[],
  silent: ReadonlySet<string>,
): Promise<WorkloadView[]> => {
  const stats = new Map<string, GuestStats>();
  await Promise.all(
    [...control.hosts.values()]
      .filter(({ name }) => !silent.has(name))
      .flatMap(({ name, drivers }) =>
        [...drivers].map(async ([id, driver]) => {
          const running = views.filter((view) => view.host === name && view.driver === id && view.state !== 'missing');
          const found = await soon(
            driver.stats(running.map((view) => ({ uuid: view.id, name: view.guestName ?? view.name }))),
          );
          for (const [uuid, one] of found) stats.set(uuid, one);
        }),
      ),
  );
  return views.map((view) => {
    const found = stats.get(view.id);
    return found === undefined ? view : { ...view, stats: found };
  });
};

/** Whose eyes something is shown to; all is shown to Innkeeper itself. */
export type Eyes = Pick<Identity, 'role' | 'scope'>;
const everything: Eyes = { role: 'admin', scope: undefined };

/** Who only looks is not shown what a guest is told at its first boot. */
const shownTo = ({ role }: Eyes, view: WorkloadView): WorkloadView =>
  role !== 'viewer' || view.spec === undefined ? view : { ...view, spec: withoutSecrets(view.spec) };

interface ViewOptions {
  readonly stats: boolean;
  readonly names?: readonly string[];
  readonly eyes?: Eyes;
}

/** Every workload, then every foreign guest; of these nobody sees any who is bound to projects. */
export const workloadViews = async (
  control: Control,
  { stats, names, eyes = everything }: ViewOptions,
): Promise<WorkloadView[]> => {
  const known = names === undefined ? await readAll(control) : await readSome(control, names);
  const { rows, hosts, guests } = known;
  const silent = new Set(hosts.filter(isSilent).map(({ name }) => name));
  const placed = new Set(rows.map((row) => guestOf(row, known)));
  const foreign = guests
    .filter((guest) => isForeign(guest, control.installation) && !placed.has(guest) && isLasting(guest))
    .filter(() => eyes.scope === undefined)
    .map((guest) => foreignView(guest, silent.has(guest.host), control.installation));
  const ours = rows
    .filter(({ spec }) => inScope(eyes.scope, projectOf(spec)))
    .map((row) => shownTo(eyes, managedView(row, known)));
  const all = [...ours, ...foreign.sort((a, b) => (a.name < b.name ? -1 : 1))];
  const wanted = names === undefined ? all : all.filter(({ name, id }) => names.includes(name) || names.includes(id));
  return stats ? withStats(control, wanted, silent) : wanted;
};
