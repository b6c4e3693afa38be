import type { BackedImage, BackupState, BackupTarget, Candidate, WorkloadSpec } from '@innkeeper/model';
import { boolean, index, jsonb, text, uuid } from 'drizzle-orm/pg-core';
import { bytes, innkeeper, moment } from './base.ts';

/** Where backups go. Of secrets it has the names of files alone. */
export const backupTargets = innkeeper.table('backup_targets', {
  name: text('name').primaryKey(),
  spec: jsonb('spec').$type<BackupTarget>().notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
});

/** They outlive their workload, so nothing refers to it. */
export const backups = innkeeper.table(
  'backups',
  {
    id: uuid('id').primaryKey(),
    name: text('name').notNull().unique(),
    target: text('target').notNull(),
    workloadId: uuid('workload_id').notNull(),
    workloadName: text('workload_name').notNull(),
    project: text('project').notNull(),
    place: jsonb('place').$type<Candidate>().notNull(),
    /** Of the workload when it was made. */
    spec: jsonb('spec').$type<WorkloadSpec>().notNull(),
    image: jsonb('image').$type<BackedImage>(),
    volumes: text('volumes').array().notNull().default([]),
    /** What the repository calls it; null until it is whole. */
    snapshot: text('snapshot'),
    createdAt: moment('created_at').notNull(),
    sizeBytes: bytes('size_bytes'),
    addedBytes: bytes('added_bytes'),
    state: text('state').$type<BackupState>().notNull(),
    /** When it was made a workload for a look, whether that ran, and what was found. */
    verifiedAt: moment('verified_at'),
    verifiedOk: boolean('verified_ok'),
    verifiedText: text('verified_text'),
  },
  (table) => [index('backups_by_workload').on(table.workloadId, table.createdAt)],
);
