import { timingSafeEqual } from 'node:crypto';
import type { Role } from '@innkeeper/model';
import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { tokens } from './schema.ts';

export type TokenRow = typeof tokens.$inferSelect;

/** By name; revoked ones too. */
export const listTokens = (db: Db): Promise<TokenRow[]> =>
  db.select().from(tokens).orderBy(asc(tokens.name), asc(tokens.createdAt));

export interface NewTokenRow {
  readonly name: string;
  readonly role: Role;
  readonly projects: readonly string[];
  readonly hash: string;
  readonly createdBy: string;
  readonly expiresAt: Date | null;
}

/** Throws a duplicate of `tokens_name_in_use` when another one that is not revoked has the name. */
export const insertToken = async (db: Db, token: NewTokenRow): Promise<TokenRow> => {
  const [row] = await db
    .insert(tokens)
    .values({ ...token, projects: [...token.projects] })
    .returning();
  return row as TokenRow;
};

const sameHash = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

/** The token of a hash, whether or not it is still good; the comparison takes as long for each. */
export const findToken = async (db: Db, hash: string): Promise<TokenRow | undefined> => {
  const [row] = await db.select().from(tokens).where(eq(tokens.hash, hash));
  return row !== undefined && sameHash(row.hash, hash) ? row : undefined;
};

export const findTokenById = async (db: Db, id: string): Promise<TokenRow | undefined> =>
  (await db.select().from(tokens).where(eq(tokens.id, id)))[0];

/** That it was used now; written once a minute, however often it is. */
export const markUsed = async (db: Db, { id }: Pick<TokenRow, 'id'>): Promise<void> => {
  await db
    .update(tokens)
    .set({ lastUsedAt: sql`now()` })
    .where(
      and(eq(tokens.id, id), sql`(${tokens.lastUsedAt} is null or ${tokens.lastUsedAt} < now() - interval '1 minute')`),
    );
};

/** From now on nobody is known by it. Undefined when there is none, or it is revoked already. */
export const revokeToken = async (db: Db, id: string): Promise<TokenRow | undefined> =>
  (
    await db
      .update(tokens)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(tokens.id, id), isNull(tokens.revokedAt)))
      .returning()
  )[0];
