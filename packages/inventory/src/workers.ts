import { eq, lt, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { workers } from './schema.ts';

export type WorkerRow = typeof workers.$inferSelect;

/** A process that misses three renewals is taken for dead, and its operations are continued by another. */
export const leaseSeconds = 15;
export const renewMs = 5000;

export interface WorkerIdentity {
  readonly id: string;
  readonly machine: string;
  readonly bootId: string;
  readonly pid: number;
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
