import type { OperationKind, OperationState, Problem, Scope, StepState } from '@innkeeper/model';
import { and, asc, desc, eq, getTableColumns, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { projectOfWorkload, within } from './project.ts';
import { eventInserted, eventsLocked, type NewEvent } from './records.ts';
import { operationSteps, operations } from './schema.ts';
import { countedFor, hasTurn, heirOf, type Turn } from './turns.ts';

export type OperationRow = typeof operations.$inferSelect;
export type StepRow = typeof operationSteps.$inferSelect;

export interface NewOperation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly workloadId: string;
  readonly workloadName: string;
  readonly who: string;
  /** What its steps need to know that the workload does not say. */
  readonly memory?: Record<string, unknown>;
  readonly idempotencyKey?: string;
  readonly idempotencyHash?: string;
}

export const insertOperation = async (db: Db, operation: NewOperation): Promise<OperationRow> => {
  const [row] = await db
    .insert(operations)
    .values({ ...operation, project: projectOfWorkload(operation.workloadId), state: 'queued' })
    .returning();
  return row as OperationRow;
};

export const findOperation = async (db: Db, id: string): Promise<OperationRow | undefined> =>
  (await db.select().from(operations).where(eq(operations.id, id)))[0];

export const findByIdempotencyKey = async (db: Db, key: string): Promise<OperationRow | undefined> =>
  (await db.select().from(operations).where(eq(operations.idempotencyKey, key)))[0];

export interface OperationQuery {
  readonly limit: number;
  readonly unfinishedOnly?: boolean;
  readonly workloadIds?: readonly string[];
  readonly scope?: Scope;
}

/** Newest first. */
export const listOperations = (
  db: Db,
  { limit, unfinishedOnly = false, workloadIds, scope }: OperationQuery,
): Promise<OperationRow[]> =>
  db
    .select()
    .from(operations)
    .where(
      and(
        unfinishedOnly ? isNull(operations.finishedAt) : undefined,
        workloadIds === undefined ? undefined : inArray(operations.workloadId, [...workloadIds]),
        within(operations.project, scope),
      ),
    )
    .orderBy(desc(operations.seq))
    .limit(limit);

export const unfinishedOf = (db: Db, workloadId: string): Promise<OperationRow[]> =>
  db
    .select()
    .from(operations)
    .where(and(eq(operations.workloadId, workloadId), isNull(operations.finishedAt)))
    .orderBy(asc(operations.seq));

export const stepsOf = async (db: Db, ids: readonly string[]): Promise<StepRow[]> =>
  ids.length === 0
    ? []
    : db
        .select()
        .from(operationSteps)
        .where(inArray(operationSteps.operationId, [...ids]))
        .orderBy(asc(operationSteps.operationId), asc(operationSteps.position));

/** An operation that this process works on, with the turn that it has. */
export interface TakenOperation extends OperationRow {
  readonly turn: Turn;
}

/** The fence grows, so that whoever had it before can write nothing more. */
const take = async (db: Db, workerId: string, which: SQL): Promise<TakenOperation | undefined> => {
  const [row] = await db
    .update(operations)
    .set({
      state: sql`case when ${operations.state} = 'undoing' then 'undoing' else 'running' end`,
      fence: sql`${operations.fence} + 1`,
      due: false,
      workerId,
      startedAt: sql`coalesce(${operations.startedAt}, now())`,
    })
    .where(which)
    .returning({
      ...getTableColumns(operations),
      host: sql<string | null>`(
        select ${countedFor('operations', 'w')} from (select 1) as one
        left join innkeeper.workloads w on w.id = ${operations.workloadId})`,
    });
  if (row === undefined) return undefined;
  const { host, ...operation } = row;
  return { ...operation, turn: { workloadId: operation.workloadId, host } };
};

/** Takes the oldest unfinished operation of a workload, unless a live process has it or its host has enough to do. */
export const takeOperation = (db: Db, workloadId: string, workerId: string): Promise<TakenOperation | undefined> =>
  take(
    db,
    workerId,
    sql`${operations.id} = (
      select id from innkeeper.operations where workload_id = ${workloadId} and finished_at is null order by seq limit 1 for update
    ) and (
      ${operations.workerId} is null or ${operations.state} = 'queued'
      or not exists (select 1 from innkeeper.workers w where w.id = ${operations.workerId} and w.lease_until > now())
    ) and ${hasTurn}`,
  );

/** Takes what is due after an operation of this process that has ended, in its turn. */
export const takeInTurn = (db: Db, turn: Turn, workerId: string): Promise<TakenOperation | undefined> =>
  take(db, workerId, sql`${operations.id} = (${heirOf(turn)})`);

/** What this process is said to be working on. */
export const operationsHeldBy = (db: Db, workerId: string): Promise<(Hold & { readonly workloadId: string })[]> =>
  db
    .select({ id: operations.id, fence: operations.fence, workloadId: operations.workloadId })
    .from(operations)
    .where(
      and(
        eq(operations.workerId, workerId),
        isNull(operations.finishedAt),
        inArray(operations.state, ['running', 'undoing']),
      ),
    );

/** Gives up what is not being worked on any more, unless it was taken anew, so that whoever is woken for it may take it. */
export const letGoOf = async (db: Db, hold: Hold): Promise<void> => {
  await db
    .update(operations)
    .set({ workerId: null })
    .where(and(eq(operations.id, hold.id), eq(operations.fence, hold.fence), isNull(operations.finishedAt)));
};

/** Of these, what nobody has taken over or ended since. */
export const stillHeld = async (db: Db, holds: readonly Hold[]): Promise<Hold[]> => {
  if (holds.length === 0) return [];
  const rows = await db
    .select({ id: operations.id, fence: operations.fence })
    .from(operations)
    .where(
      and(
        inArray(
          operations.id,
          holds.map(({ id }) => id),
        ),
        isNull(operations.finishedAt),
      ),
    );
  return rows.filter(({ id, fence }) => holds.some((one) => one.id === id && one.fence === fence));
};

export interface StepEntry {
  readonly position: number;
  readonly name: string;
  readonly state: StepState;
  readonly text?: string;
}

/** What a writer of the journal has to prove: that the operation is still its own. */
export interface Hold {
  readonly id: string;
  readonly fence: number;
}

export interface Journaled {
  /** Who wants it cancelled; null while nobody does. */
  readonly cancelRequested: string | null;
}

/** Writes journal entries and reads whether to go on; undefined when another process has taken the operation over. */
export const journal = async (
  db: Db,
  hold: Hold,
  entries: readonly StepEntry[],
  progress: string | null,
): Promise<Journaled | undefined> => {
  const values = sql.join(
    entries.map(
      ({ position, name, state, text }) =>
        sql`(${position}::int, ${name}::text, ${state}::text, ${text ?? null}::text)`,
    ),
    sql`, `,
  );
  const rows = await db.execute<{ cancel_requested: string | null }>(sql`
    with mine as (
      update innkeeper.operations set progress = ${progress}
      where id = ${hold.id} and fence = ${hold.fence} and finished_at is null returning id, cancel_requested
    )
    insert into innkeeper.operation_steps (operation_id, position, name, state, text, started_at, finished_at)
    select mine.id, e.position, e.name, e.state, e.text,
      case when e.state in ('running', 'undoing') then now() end,
      case when e.state in ('done', 'undone', 'failed') then now() end
    from mine, (values ${values}) as e(position, name, state, text)
    on conflict (operation_id, position) do update set
      name = excluded.name, state = excluded.state, text = coalesce(excluded.text, operation_steps.text),
      started_at = coalesce(operation_steps.started_at, excluded.started_at), finished_at = excluded.finished_at
    returning (select cancel_requested from mine) as cancel_requested`);
  const [row] = rows;
  return row === undefined ? undefined : { cancelRequested: row.cancel_requested };
};

/** Keeps what a step decided; false when another process has taken the operation over. */
export const remember = async (db: Db, hold: Hold, memory: Record<string, unknown>): Promise<boolean> => {
  const rows = await db
    .update(operations)
    .set({ memory })
    .where(and(eq(operations.id, hold.id), eq(operations.fence, hold.fence)))
    .returning({ id: operations.id });
  return rows.length === 1;
};

export const showProgress = async (db: Db, hold: Hold, progress: string): Promise<void> => {
  await db
    .update(operations)
    .set({ progress })
    .where(and(eq(operations.id, hold.id), eq(operations.fence, hold.fence)));
};

/** Turns to undoing, with the error that is the reason. */
export const beginUndo = async (db: Db, hold: Hold, error: Problem): Promise<boolean> => {
  const rows = await db
    .update(operations)
    .set({ state: 'undoing', error })
    .where(and(eq(operations.id, hold.id), eq(operations.fence, hold.fence)))
    .returning({ id: operations.id });
  return rows.length === 1;
};

export interface OperationEnd {
  readonly state: OperationState;
  /** The step that ended last, when that is not in the journal yet. */
  readonly step?: Pick<StepEntry, 'position'> | undefined;
  readonly event?: NewEvent | undefined;
}

/**
 * Ends it and says so, once. What it decided is needed no more, and may hold what a first boot was told: it is forgotten. False when
 * another process has taken the operation over.
 */
export const finishOperation = async (
  db: Db,
  { id, fence }: Hold,
  { state, step, event }: OperationEnd,
): Promise<boolean> => {
  const told = event === undefined ? sql`` : sql`, told as (${eventInserted(event, sql`, mine`)})`;
  const rows = await db.execute(sql`
    with ${eventsLocked}, mine as (
      update innkeeper.operations set state = ${state}, progress = null, memory = '{}', finished_at = now()
      where id = ${id} and fence = ${fence} returning id
    ), step as (
      update innkeeper.operation_steps s set state = 'done', finished_at = now() from mine
      where s.operation_id = mine.id and s.position = ${step?.position ?? null}::int
    )${told}
    select id from mine`);
  return rows.length === 1;
};

/** True when there was something to cancel; it happens at the next step boundary. */
export const requestCancel = async (db: Db, id: string, who: string): Promise<boolean> => {
  const rows = await db
    .update(operations)
    .set({ cancelRequested: who, due: true })
    .where(and(eq(operations.id, id), isNull(operations.finishedAt)))
    .returning({ id: operations.id });
  return rows.length === 1;
};
