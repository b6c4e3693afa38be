import type { SnapshotState } from '@innkeeper/model';
import { sql } from 'drizzle-orm';
import { boolean, text, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { bytes, innkeeper, moment } from './base.ts';
import { workloads } from './workloads.ts';

/** They go with their workload. */
export const snapshots = innkeeper.table(
  'snapshots',
  {
    id: uuid('id').primaryKey(),
    workloadId: uuid('workload_id')
      .notNull()
      .references(() => workloads.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    description: text('description'),
    /** No reference: rows of a dump are loaded in any order. */
    parent: uuid('parent'),
    /** The one that its workload stands on. */
    current: boolean('current').notNull().default(false),
    createdAt: moment('created_at').notNull(),
    /** Null until it is whole. */
    sizeBytes: bytes('size_bytes'),
    state: text('state').$type<SnapshotState>().notNull(),
  },
  (table) => [
    unique('snapshots_name_unique').on(table.workloadId, table.name),
    uniqueIndex('snapshots_one_current').on(table.workloadId).where(sql`${table.current}`),
  ],
);
