import type { Scope } from '@innkeeper/model';
import { and, desc, eq, gte, lt, or, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { within } from './project.ts';
import { audit, operations } from './schema.ts';

export type NewAudit = typeof audit.$inferInsert;
export type AuditRow = typeof audit.$inferSelect & { readonly operationState: string | null };

/** In the transaction of the change, where there is one. */
export const insertAudit = async (db: Db, entry: NewAudit): Promise<void> => {
  await db.insert(audit).values(entry);
};

export interface AuditQuery {
  readonly workload?: string | undefined;
  readonly who?: string | undefined;
  readonly since?: Date | undefined;
  /** Entries older than this one: where the page before ended. */
  readonly before?: number | undefined;
  readonly limit: number;
  readonly scope: Scope;
}

/** Newest first, with what became of their operations. */
export const listAudit = async (db: Db, query: AuditQuery): Promise<AuditRow[]> => {
  const rows = await db
    .select({ entry: audit, operationState: operations.state })
    .from(audit)
    .leftJoin(operations, eq(operations.id, audit.operationId))
    .where(
      and(
        query.workload === undefined
          ? undefined
          : and(
              or(eq(audit.resourceKind, 'workload'), eq(audit.resourceKind, 'operation')),
              eq(audit.resourceName, query.workload),
            ),
        query.who === undefined ? undefined : eq(audit.who, query.who),
        query.since === undefined ? undefined : gte(audit.at, query.since),
        query.before === undefined ? undefined : lt(audit.id, query.before),
        within(audit.project, query.scope),
      ),
    )
    .orderBy(desc(audit.id))
    .limit(query.limit);
  return rows.map(({ entry, operationState }) => ({ ...entry, operationState }));
};

/** How many were older than that and are gone. */
export const pruneAudit = async (db: Db, days: number): Promise<number> =>
  (
    await db
      .delete(audit)
      .where(sql`${audit.at} < now() - make_interval(days => ${days}::int)`)
      .returning({ id: audit.id })
  ).length;
