import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import { allOf } from './all-of.ts';
import type { Db } from './database.ts';
import type { OperationRow } from './operations.ts';
import { operations, workloads } from './schema.ts';
import type { WorkloadRow } from './workloads.ts';

/** Also of a name that there is none of yet. */
const lockName = (db: Db, name: string): Promise<unknown> =>
  db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`workload:${name}`}, 0))`);

const lockRow = async (db: Db, name: string): Promise<WorkloadRow | undefined> =>
  (await db.select().from(workloads).where(eq(workloads.name, name)).for('update'))[0];

/**
 * Locks the row, so that two requests for one name are answered one after the other. To be called in a transaction, whose statements
 * are carried out in the order in which they are sent: none waits for the answer to the one before.
 */
export const lockWorkload = async (db: Db, name: string): Promise<WorkloadRow | undefined> =>
  (await allOf([lockName(db, name), lockRow(db, name)]))[1];

/** {@link lockWorkload}, with the operations of the workload that are not finished, the oldest first. */
export const lockWithUnfinished = async (
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
  const [, row, unfinished] = await allOf([lockName(db, name), lockRow(db, name), unfinishedOfName()]);
  return { row, unfinished };
};
