import type { DriverReport, HostChange, MachineReport } from '@innkeeper/model';
import { parseSize } from '@innkeeper/model';
import { asc, eq, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { hosts } from './schema.ts';

export type HostRow = typeof hosts.$inferSelect;

export const listHosts = (db: Db): Promise<HostRow[]> => db.select().from(hosts).orderBy(asc(hosts.name));

export const ensureHost = async (db: Db, name: string, address: string): Promise<void> => {
  await db.insert(hosts).values({ name, address }).onConflictDoNothing({ target: hosts.name });
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
      drivers,
      state: 'up',
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
