import type { Driver, PoolGroup } from '@innkeeper/driver-contract';
import { type Db, findHost, type HostRow, listHosts, listWorkloads, type WorkloadRow } from '@innkeeper/inventory';
import {
  completeSpec,
  defaultPool,
  diskAsked,
  InnkeeperError,
  inScope,
  type NewPool,
  type PoolReport,
  type PoolView,
  projectOf,
} from '@innkeeper/model';
import { record, type Trail } from './access/trail.ts';
import type { Control } from './control.ts';
import { noSuchHost } from './fleet/remove.ts';
import { type Eyes, isSilent } from './views.ts';

/** Each pool of a host once, as the first driver tells it: both backends report the same ones. */
export const poolsOn = (host: Pick<HostRow, 'drivers'>): PoolReport[] => [
  ...new Map(
    host.drivers
      .flatMap(({ pools }) => pools ?? [])
      .reverse()
      .map((one) => [one.name, one]),
  ).values(),
];

/** Workloads that stand in a pool, or are to. */
const standingIn = (rows: readonly WorkloadRow[], host: string, pool: string): WorkloadRow[] =>
  rows.filter(({ placed, spec }) => placed?.host === host && (spec.pool ?? defaultPool) === pool);

const viewsOf = (host: HostRow, rows: readonly WorkloadRow[], isSeen: (row: WorkloadRow) => boolean): PoolView[] =>
  poolsOn(host)
    .sort((a, b) => Number(b.name === defaultPool) - Number(a.name === defaultPool) || a.name.localeCompare(b.name))
    .map((pool) => {
      const standing = standingIn(rows, host.name, pool.name);
      const silent = isSilent(host) ? { away: `${host.name} does not answer` } : {};
      return {
        host: host.name,
        ...pool,
        ...silent,
        claimedBytes: standing.reduce((sum, { spec }) => sum + diskAsked(completeSpec(spec)), 0),
        workloads: standing.filter(isSeen).map(({ name }) => name),
      };
    });

/** Pools of all hosts, with those workloads in them that may be seen. */
export const poolViews = async (db: Db, { scope }: Pick<Eyes, 'scope'>): Promise<PoolView[]> => {
  const [hosts, rows] = await Promise.all([listHosts(db), listWorkloads(db)]);
  return hosts.flatMap((host) => viewsOf(host, rows, ({ spec }) => inScope(scope, projectOf(spec))));
};

const isCapable = (driver: Driver): driver is Driver & PoolGroup =>
  driver.addPool !== undefined && driver.removePool !== undefined;

/** Throws `not_found` without such a host, `unsupported` where no driver has pools. */
const keeperOf = async (control: Control, host: string): Promise<PoolGroup> => {
  const row = await findHost(control.inventory.db, host);
  const managed = control.hosts.get(host);
  if (row === undefined || managed === undefined) throw noSuchHost(host);
  const keeper = [...managed.drivers.values()].find(isCapable);
  if (keeper === undefined) throw new InnkeeperError('unsupported', `No driver of ${host} has pools`);
  return keeper;
};

const viewOf = async (
  control: Control,
  host: string,
  name: string,
  eyes: Pick<Eyes, 'scope'>,
): Promise<PoolView | undefined> =>
  (await poolViews(control.inventory.db, eyes)).find((one) => one.host === host && one.name === name);

/** Makes a directory of a host a pool; answers what was found there. Throws `conflict` naming what stands in the way. */
export const addPool = async (
  control: Control,
  host: string,
  asked: NewPool,
  { trail, eyes }: { readonly trail: Trail; readonly eyes: Eyes },
): Promise<PoolView> => {
  await (await keeperOf(control, host)).addPool(asked);
  await record(control.inventory.db, trail, { resource: { kind: 'host', name: host }, after: { pool: asked } });
  await control.probe(host);
  const view = await viewOf(control, host, asked.name, eyes);
  if (view === undefined) throw new InnkeeperError('host_error', `${host} does not report the pool ${asked.name}`);
  return view;
};

const noSuchPool = (host: string, name: string): InnkeeperError =>
  new InnkeeperError('not_found', `There is no pool ${name.slice(0, 80)} on ${host}`, {
    hint: 'inn pool ls shows what there is',
  });

/** A directory of a host is a pool no longer. Throws `conflict` while anything stands in it, and for the state directory. */
export const removePool = async (control: Control, host: string, name: string, trail: Trail): Promise<void> => {
  const keeper = await keeperOf(control, host);
  const { db } = control.inventory;
  const view = await viewOf(control, host, name, { scope: undefined });
  if (view === undefined) throw noSuchPool(host, name);
  if (name === defaultPool)
    throw new InnkeeperError('conflict', `${name} is the state directory of ${host}, which always is one`);
  if (view.workloads.length > 0) {
    const { workloads } = view;
    const shown = workloads.length > 10 ? [...workloads.slice(0, 10), `${workloads.length - 10} more`] : workloads;
    throw new InnkeeperError('conflict', `The pool ${name} of ${host} is used by ${shown.join(', ')}`, {
      hint: 'remove them first',
    });
  }
  await keeper.removePool(name);
  const before = { pool: { name, path: view.path } };
  await record(db, trail, { resource: { kind: 'host', name: host }, before });
  await control.probe(host);
};
