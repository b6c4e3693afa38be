import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import { allOf } from './all-of.ts';
import type { Db } from './database.ts';
import type { OperationRow } from './operations.ts';
import { operations, workloads } from './schema.ts';
import type { WorkloadRow } from './workloads.ts';

/** Of a name that there is no workload of yet: nothing else is there to be locked. */
const lockName = async (db: Db, name: string): Promise<void> => {
  await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`workload:${name}`}, 0))`);
};

const lockRow = async (db: Db, name: string): Promise<WorkloadRow | undefined> =>
  (await db.select().from(workloads).where(eq(workloads.name, name)).for('update'))[0];

/** What `read` finds under the lock, which is that of the row, or else of the name, under which a row may have come meanwhile. */
const underLock = async <T extends { readonly row: WorkloadRow | undefined }>(
  db: Db,
  name: string,
  read: () => Promise<T>,
): Promise<T> => {
  const found = await read();
  if (found.row !== undefined) return found;
  await lockName(db, name);
  return read();
};

/** Locks a workload, or its name, for the rest of a transaction: two requests for one name are answered one after the other. */
export const lockWorkload = async (db: Db, name: string): Promise<WorkloadRow | undefined> =>
  (await underLock(db, name, async () => ({ row: await lockRow(db, name) }))).row;

/**
 * {@link lockWorkload}, with the operations of the workload that are not finished, the oldest first. They are read by a statement
 * that the database carries out after the one that locks, whose answer is not waited for.
 */
export const lockWithUnfinished = (
  db: Db,
  name: string,
): Promise<{ readonly row: WorkloadRow | undefined; readonly unfinished: readonly OperationRow[] }> => {
  const unfinishedOfName = async (): Promise<OperationRow[]> =>
    db
      .select()
      .from(operations)
      .where(
        and(
          sql`${operations.workloadId} = (select id from innkeeper.workloads where name = ${name})`,
          isNull(operations.finishedAt),
        ),
      )
      .orderBy(asc(operations.seq));
  return underLock(db, name, async () => {
    const [row, unfinished] = await allOf([lockRow(db, name), unfinishedOfName()]);
    return { row, unfinished };
  });
};
