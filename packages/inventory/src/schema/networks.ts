import type { NetworkSpec } from '@innkeeper/model';
import { jsonb, text } from 'drizzle-orm/pg-core';
import { innkeeper, moment } from './base.ts';

/** Networks that are made on the hosts which need them. */
export const networks = innkeeper.table('networks', {
  name: text('name').primaryKey(),
  /** With the subnet that was chosen where none was asked for. */
  spec: jsonb('spec').$type<NetworkSpec>().notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
});
