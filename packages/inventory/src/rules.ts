import type { Rule } from '@innkeeper/model';
import { desc, eq, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { rules } from './schema.ts';

export type RuleRow = typeof rules.$inferSelect;
type Current = RuleRow & { readonly rule: Rule };

/** The newest version of every rule that has not been removed, by id. */
export const listRules = async (db: Db): Promise<Current[]> => {
  const rows = await db.selectDistinctOn([rules.id]).from(rules).orderBy(rules.id, desc(rules.version));
  return rows.filter((row): row is Current => row.rule !== null);
};

/** Every version of one rule, newest first. */
export const ruleHistory = (db: Db, id: string): Promise<RuleRow[]> =>
  db.select().from(rules).where(eq(rules.id, id)).orderBy(desc(rules.version));

/** The next version of a rule; null removes it. Two writers at once get two versions. */
export const saveRule = async (db: Db, id: string, rule: Rule | null, author: string): Promise<RuleRow> => {
  await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`rule:${id}`}, 0))`);
  const version = sql<number>`(select coalesce(max(version), 0) + 1 from innkeeper.rules where id = ${id})`;
  const [row] = await db.insert(rules).values({ id, version, rule, author }).returning();
  return row as RuleRow;
};

/** Rules that an installation begins with: one that was there once, even if it was removed since, is left alone. */
export const insertMissingRules = async (db: Db, shipped: readonly Rule[], author: string): Promise<void> => {
  if (shipped.length === 0) return;
  await db
    .insert(rules)
    .values(shipped.map((rule) => ({ id: rule.id, version: 1, rule, author })))
    .onConflictDoNothing();
};
