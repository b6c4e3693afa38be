import type { EventView, OperationKind, OperationState, Problem, StepState } from '@innkeeper/model';
import { sql } from 'drizzle-orm';
import { bigserial, boolean, index, integer, jsonb, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { innkeeper, moment } from './base.ts';

export const workers = innkeeper.table('workers', {
  id: uuid('id').primaryKey(),
  machine: text('machine').notNull(),
  bootId: text('boot_id').notNull(),
  pid: integer('pid').notNull(),
  /** Where it answers others of its machine; null of a version that did not say so. */
  socket: text('socket'),
  /** Names under which its queue runners lock jobs. */
  queueIds: text('queue_ids').array().notNull().default(sql`'{}'`),
  leaseUntil: moment('lease_until').notNull(),
});

export const operations = innkeeper.table(
  'operations',
  {
    id: uuid('id').primaryKey(),
    seq: bigserial('seq', { mode: 'number' }).notNull(),
    kind: text('kind').$type<OperationKind>().notNull(),
    workloadId: uuid('workload_id').notNull(),
    workloadName: text('workload_name').notNull(),
    /** Of its workload when it was asked for: the workload may be gone. */
    project: text('project'),
    who: text('who').notNull(),
    state: text('state').$type<OperationState>().notNull(),
    /** What steps decided and later steps or an undo need: plain JSON. */
    memory: jsonb('memory').$type<Record<string, unknown>>().notNull().default({}),
    progress: text('progress'),
    error: jsonb('error').$type<Problem>(),
    cancelRequested: text('cancel_requested'),
    /** Something has changed since it was looked at: if it waits, it is to be looked at again when its turn comes. */
    due: boolean('due').notNull().default(false),
    fence: integer('fence').notNull().default(0),
    workerId: uuid('worker_id'),
    idempotencyKey: text('idempotency_key').unique(),
    idempotencyHash: text('idempotency_hash'),
    createdAt: moment('created_at').notNull().defaultNow(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    uniqueIndex('operations_one_at_a_time').on(table.workloadId).where(sql`${table.state} in ('running', 'undoing')`),
    index('operations_unfinished').on(table.workloadId, table.seq).where(sql`${table.finishedAt} is null`),
    // Whether a workload is being copied is asked at the beginning of each operation.
    index('operations_clones').on(table.id).where(sql`${table.kind} = 'clone' and ${table.finishedAt} is null`),
    index('operations_newest').on(table.seq),
    index('operations_of_workload').on(table.workloadId, table.seq),
  ],
);

export const operationSteps = innkeeper.table(
  'operation_steps',
  {
    operationId: uuid('operation_id')
      .notNull()
      .references(() => operations.id, { onDelete: 'cascade' }),
    position: integer('position').notNull(),
    name: text('name').notNull(),
    state: text('state').$type<StepState>().notNull(),
    text: text('text'),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [primaryKey({ columns: [table.operationId, table.position] })],
);

export const events = innkeeper.table('events', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  at: moment('at').notNull().defaultNow(),
  kind: text('kind').notNull(),
  subjectKind: text('subject_kind').$type<EventView['subject']['kind']>().notNull(),
  subjectId: text('subject_id').notNull(),
  subjectName: text('subject_name').notNull(),
  /** Of the workload that it is about; null for what belongs to no project. */
  project: text('project'),
  text: text('text').notNull(),
});
