import { defaultProject, projectOf, type Scope } from '@innkeeper/model';
import { type Column, inArray, type SQL, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { operations, placements, workloads } from './schema.ts';

/** The project of a workload that is there, as a value of an insert. */
export const projectOfWorkload = (id: string): SQL<string | null> =>
  sql`(select coalesce(spec->>'project', ${defaultProject}::text) from innkeeper.workloads where id = ${id}::uuid)`;

/** Also of one that is gone, which its last operation knows. */
export const lastProjectOf = (id: string): SQL<string | null> =>
  sql`coalesce(${projectOfWorkload(id)}, (select project from innkeeper.operations where workload_id = ${id}::uuid
    order by seq desc limit 1))`;

/** Rows of these projects; all for who is bound to none. */
export const within = (column: Column, scope: Scope): SQL | undefined =>
  scope === undefined ? undefined : inArray(column, [...scope]);

/** Of a workload by its name or id; undefined when there is none. */
export const findProjectOf = async (db: Db, nameOrId: string): Promise<string | undefined> => {
  const [row] = await db
    .select({ spec: workloads.spec })
    .from(workloads)
    .where(sql`${workloads.name} = ${nameOrId} or ${workloads.id}::text = ${nameOrId}`);
  return row === undefined ? undefined : projectOf(row.spec);
};

/** Of an operation, even if its workload is gone; null when there is none, or it belongs to no project. */
export const findOperationProject = async (db: Db, id: string): Promise<string | null> =>
  (await db.select({ project: operations.project }).from(operations).where(sql`${operations.id}::text = ${id}`))[0]
    ?.project ?? null;

export const findPlacementProject = async (db: Db, id: string): Promise<string | null> =>
  (await db.select({ project: placements.project }).from(placements).where(sql`${placements.id}::text = ${id}`))[0]
    ?.project ?? null;
