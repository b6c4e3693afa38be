import type { AuditResource, Role } from '@innkeeper/model';
import { sql } from 'drizzle-orm';
import { bigserial, index, integer, jsonb, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { innkeeper, moment } from './base.ts';

/** Revoked ones stay, so that it can be said later who they were. */
export const tokens = innkeeper.table(
  'tokens',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    name: text('name').notNull(),
    role: text('role').$type<Role>().notNull(),
    /** Empty: all. */
    projects: text('projects').array().notNull().default(sql`'{}'`),
    /** SHA-256 of a secret of 256 random bits: there is nothing to guess, so no slow hash is needed. */
    hash: text('hash').notNull().unique(),
    createdAt: moment('created_at').notNull().defaultNow(),
    createdBy: text('created_by'),
    expiresAt: moment('expires_at'),
    revokedAt: moment('revoked_at'),
    /** Written at most once a minute. */
    lastUsedAt: moment('last_used_at'),
  },
  (table) => [uniqueIndex('tokens_name_in_use').on(table.name).where(sql`${table.revokedAt} is null`)],
);

/** What was changed or tried, by whom, from where. Rows are only added, and go when they are old. */
export const audit = innkeeper.table(
  'audit',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    at: moment('at').notNull().defaultNow(),
    who: text('who').notNull(),
    tokenId: uuid('token_id'),
    address: text('address'),
    method: text('method').notNull(),
    path: text('path'),
    resourceKind: text('resource_kind').$type<AuditResource>().notNull(),
    resourceName: text('resource_name').notNull(),
    project: text('project'),
    before: jsonb('before'),
    after: jsonb('after'),
    operationId: uuid('operation_id'),
    outcome: text('outcome').$type<'done' | 'refused' | 'failed'>().notNull(),
    reason: text('reason'),
    count: integer('count').notNull().default(1),
  },
  (table) => [
    index('audit_by_time').on(table.at),
    index('audit_by_resource').on(table.resourceName, table.id),
    index('audit_by_who').on(table.who, table.id),
  ],
);
