import { eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { workloads } from './schema.ts';
import type { WorkloadRow } from './workloads.ts';

/**
 * Copying what a workload holds, for another one, and an operation of its own are never under way at the same time. Each says first
 * that it has begun and looks for the other then, so that one of the two sees it: `memory.held` of the clone's operation, and the state of the
 * other.
 */

const copying = (id: string, except: string | null): SQL => sql`
  select workload_name as name from innkeeper.operations
  where kind = 'clone' and finished_at is null and memory ->> 'held' = 'true' and memory #>> '{origin,id}' = ${id}
    and id is distinct from ${except}::uuid limit 1`;

/** Name of the workload that is being copied from this one, but for the operation `except`; undefined when none is. */
export const copiedInto = async (db: Db, id: string, except: string): Promise<string | undefined> => {
  const rows = await db.execute<{ name: string }>(copying(id, except));
  return rows[0]?.name;
};

/** A workload, by its id, with the name of the one that is being copied from it. */
export interface WorkloadAndCopy {
  /** Undefined when it is gone. */
  readonly workload: WorkloadRow | undefined;
  readonly into: string | undefined;
}

/** For who begins with an operation, after that was said. */
export const findWorkloadAndCopy = async (db: Db, id: string): Promise<WorkloadAndCopy> => {
  const [row] = await db
    .select({ ...getTableColumns(workloads), into: sql<string | null>`(${copying(id, null)})` })
    .from(workloads)
    .where(eq(workloads.id, id));
  if (row === undefined) return { workload: undefined, into: undefined };
  const { into, ...workload } = row;
  return { workload, into: into ?? undefined };
};

/** The operation of its own that is under way with a workload; undefined when none is. */
export const underWayWith = async (
  db: Db,
  id: string,
): Promise<{ readonly id: string; readonly kind: string } | undefined> => {
  const rows = await db.execute<{ id: string; kind: string }>(sql`
    select id, kind from innkeeper.operations
    where workload_id = ${id} and finished_at is null and state in ('running', 'undoing') limit 1`);
  return rows[0];
};

/** Locks a workload for the rest of a transaction, by its id; undefined when it is gone. */
export const lockWorkloadById = async (db: Db, id: string): Promise<WorkloadRow | undefined> =>
  (await db.select().from(workloads).where(eq(workloads.id, id)).for('update'))[0];
