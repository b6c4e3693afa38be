import type { DriverReport, HostChange, MachineReport } from '@innkeeper/model';
import { parseSize } from '@innkeeper/model';
import { and, asc, eq, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { capacityClaims, devices, guests, hosts, readings, workloads } from './schema.ts';

export type HostRow = typeof hosts.$inferSelect;

export const listHosts = (db: Db): Promise<HostRow[]> => db.select().from(hosts).orderBy(asc(hosts.name));

export const findHost = async (db: Db, name: string): Promise<HostRow | undefined> =>
  (await db.select().from(hosts).where(eq(hosts.name, name)))[0];

/** Who said that a host is dead, while nobody has said that it is back; undefined for others, and for one that is not known. */
export const saidDeadBy = async (db: Db, name: string): Promise<string | undefined> => {
  const [row] = await db
    .select({ by: hosts.confirmedDeadBy })
    .from(hosts)
    .where(and(eq(hosts.name, name), isNotNull(hosts.confirmedDeadAt)));
  return row === undefined ? undefined : (row.by ?? 'somebody');
};

export const ensureHost = async (db: Db, name: string, address: string): Promise<void> => {
  await db.insert(hosts).values({ name, address }).onConflictDoNothing({ target: hosts.name });
};

/** Throws a unique violation of `hosts_name_unique` when the name exists. */
export const insertHost = async (
  db: Db,
  host: { readonly name: string; readonly address: string; readonly labels: Readonly<Record<string, string>> },
): Promise<void> => {
  await db.insert(hosts).values({ ...host, labels: { ...host.labels } });
};

/** Locks the row: nothing is claimed there until the transaction ends. */
export const lockHost = async (db: Db, name: string): Promise<HostRow | undefined> =>
  (await db.select().from(hosts).where(eq(hosts.name, name)).for('update'))[0];

/** Names of the workloads that are placed on a host, or hold something of it. */
export const workloadsOn = async (db: Db, host: string): Promise<string[]> => {
  const rows = await db
    .select({ name: workloads.name })
    .from(workloads)
    .leftJoin(capacityClaims, eq(capacityClaims.workloadId, workloads.id))
    .where(sql`${workloads.placed}->>'host' = ${host} or ${capacityClaims.host} = ${host}`)
    .orderBy(asc(workloads.name));
  return rows.map(({ name }) => name);
};

export const deleteHost = async (db: Db, name: string): Promise<void> => {
  await db.delete(hosts).where(eq(hosts.name, name));
};

export const deleteGuestsOf = async (db: Db, host: string): Promise<void> => {
  await db.delete(guests).where(eq(guests.host, host));
  await db.delete(readings).where(eq(readings.host, host));
};

export const deleteDevicesOf = async (db: Db, host: string): Promise<void> => {
  await db.delete(devices).where(eq(devices.host, host));
};

/** Whether it answers; true when that was not known before. */
export const setHostState = async (db: Db, name: string, state: 'up' | 'suspect' | 'unreachable'): Promise<boolean> => {
  const rows = await db
    .update(hosts)
    .set({ state, silentSince: state === 'up' ? null : sql`coalesce(${hosts.silentSince}, now())` })
    .where(and(eq(hosts.name, name), ne(hosts.state, state)))
    .returning({ name: hosts.name });
  return rows.length === 1;
};

/**
 * Makes a process the one that follows a host, unless another whose lease holds does; true while it is. Ask again in less time
 * than a lease lasts.
 */
export const takeWatch = async (db: Db, name: string, workerId: string): Promise<boolean> => {
  const [row] = await db.select({ by: hosts.watchedBy }).from(hosts).where(eq(hosts.name, name));
  if (row?.by === workerId) return true;
  const rows = await db
    .update(hosts)
    .set({ watchedBy: workerId })
    .where(
      and(
        eq(hosts.name, name),
        sql`(${hosts.watchedBy} is null or not exists (
          select 1 from innkeeper.workers w where w.id = ${hosts.watchedBy} and w.lease_until > now()))`,
      ),
    )
    .returning({ name: hosts.name });
  return rows.length === 1;
};

/** Follows every change of capacity, ratio or reserve; what is claimed already stays allowed. */
const raiseCeilings = async (db: Db, name: string): Promise<void> => {
  await db
    .update(hosts)
    .set({
      cpusCeiling: sql`greatest(${hosts.cpusClaimed}, ${hosts.cpusTotal} * ${hosts.cpuRatio} - ${hosts.cpusReserved})`,
      memoryCeiling: sql`greatest(${hosts.memoryClaimed}, floor(${hosts.memoryTotal} * ${hosts.memoryRatio} - ${hosts.memoryReserved}))::bigint`,
    })
    .where(eq(hosts.name, name));
};

/** What was found; whether it answers is `setHostState`'s. */
export const recordReport = async (
  db: Db,
  name: string,
  machine: MachineReport,
  drivers: DriverReport[],
): Promise<void> => {
  await db
    .update(hosts)
    .set({
      machine,
      // What a driver drives may come later: until then nobody wants to read that it is missing.
      drivers: drivers.filter(({ absent }) => absent !== true),
      reportedAt: sql`now()`,
      cpusTotal: machine.cpus,
      memoryTotal: machine.memoryBytes,
    })
    .where(eq(hosts.name, name));
  await raiseCeilings(db, name);
};

const defined = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;

/** What the operator sets; what is not given stays. False when there is no such host. */
export const changeHost = async (db: Db, name: string, change: HostChange): Promise<boolean> => {
  const added = Object.entries(change.labels ?? {}).filter(([, value]) => value !== null);
  const removed = Object.entries(change.labels ?? {}).flatMap(([key, value]) => (value === null ? [key] : []));
  const without = removed.reduce((labels, key) => sql`(${labels} - ${key}::text)`, sql`${hosts.labels}`);
  const rows = await db
    .update(hosts)
    .set({
      labels: sql`${without} || ${JSON.stringify(Object.fromEntries(added))}::jsonb`,
      ...defined({
        draining: change.draining,
        // What was the reason is none any more.
        maintenance: change.draining === false ? null : change.maintenance,
        guestNames: change.guestNames,
        cpuRatio: change.cpuRatio,
        memoryRatio: change.memoryRatio,
        cpusReserved: change.reservedCpus,
        memoryReserved: change.reservedMemory === undefined ? undefined : parseSize(change.reservedMemory),
      }),
    })
    .where(eq(hosts.name, name))
    .returning({ name: hosts.name });
  await raiseCeilings(db, name);
  return rows.length === 1;
};

/** False unless the host does not answer: one that does is not dead. What it holds stays held. */
export const confirmDead = async (db: Db, name: string, who: string): Promise<boolean> => {
  const rows = await db
    .update(hosts)
    .set({ confirmedDeadAt: sql`now()`, confirmedDeadBy: who, epoch: sql`${hosts.epoch} + 1` })
    .where(and(eq(hosts.name, name), eq(hosts.state, 'unreachable'), isNull(hosts.confirmedDeadAt)))
    .returning({ name: hosts.name });
  return rows.length === 1;
};

/** False unless somebody had said that it is dead. */
export const confirmBack = async (db: Db, name: string): Promise<boolean> => {
  const rows = await db
    .update(hosts)
    .set({ confirmedDeadAt: null, confirmedDeadBy: null })
    .where(and(eq(hosts.name, name), eq(hosts.state, 'up'), isNotNull(hosts.confirmedDeadAt)))
    .returning({ name: hosts.name });
  return rows.length === 1;
};
