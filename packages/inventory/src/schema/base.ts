import { bigint, customType, pgSchema, timestamp } from 'drizzle-orm/pg-core';

/** A schema of its own, so that Innkeeper can share a database with others. */
export const innkeeper = pgSchema('innkeeper');

/** Nothing inside is ever asked for by SQL, and a large fleet's snapshot as jsonb would cost seconds. */
export const packed = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

export const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const bytes = (name: string) => bigint(name, { mode: 'number' });
