import type { DriverReport, MachineReport } from '@innkeeper/model';
import { asc, eq, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { hosts } from './schema.ts';

export type HostRow = typeof hosts.$inferSelect;

export const listHosts = (db: Db): Promise<HostRow[]> => db.select().from(hosts).orderBy(asc(hosts.name));

export const ensureHost = async (db: Db, name: string, address: string): Promise<void> => {
  await db.insert(hosts).values({ name, address }).onConflictDoNothing({ target: hosts.name });
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
};
