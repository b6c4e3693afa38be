import { and, eq, gt, lt, ne, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { hosts, workers } from './schema.ts';

export type WorkerRow = typeof workers.$inferSelect;

/** A process that misses three renewals is taken for dead, and its operations are continued by another. */
export const leaseSeconds = 15;
export const renewMs = 5000;

export interface WorkerIdentity {
  readonly id: string;
  readonly machine: string;
  readonly bootId: string;
  readonly pid: number;
  readonly socket: string;
}

export const renewLease = async (db: Db, worker: WorkerIdentity, queueIds: readonly string[]): Promise<void> => {
  const leaseUntil = sql`now() + make_interval(secs => ${leaseSeconds})`;
  await db
    .insert(workers)
    .values({ ...worker, queueIds: [...queueIds], leaseUntil })
    .onConflictDoUpdate({ target: workers.id, set: { leaseUntil, queueIds: [...queueIds] } });
};

export const listWorkers = (db: Db): Promise<WorkerRow[]> => db.select().from(workers);

export const expiredWorkers = (db: Db): Promise<WorkerRow[]> =>
  db.select().from(workers).where(lt(workers.leaseUntil, sql`now()`));

export const deleteWorker = async (db: Db, id: string): Promise<void> => {
  await db.delete(workers).where(eq(workers.id, id));
};

/** The socket of another live process, if one follows this host. */
export const socketOfWatcher = async (db: Db, host: string, me: string): Promise<string | undefined> => {
  const [row] = await db
    .select({ socket: workers.socket })
    .from(workers)
    .innerJoin(hosts, eq(hosts.watchedBy, workers.id))
    .where(and(eq(hosts.name, host), ne(workers.id, me), gt(workers.leaseUntil, sql`now()`)));
  return row?.socket ?? undefined;
};
