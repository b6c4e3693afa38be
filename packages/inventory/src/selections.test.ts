import { eq, getTableColumns, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { describe, expect, it } from 'vitest';
import * as schema from './schema.ts';
import { rememberingSelections } from './selections.ts';

const { guests, hosts, operations, workloads } = schema;

type Mock = ReturnType<typeof plain>;
const plain = () => drizzle.mock({ schema });

const statements: readonly (readonly [string, (db: Mock) => { toSQL(): unknown }])[] = [
  ['a table', (db) => db.select().from(workloads).where(eq(workloads.name, 'web'))],
  ['some of its columns', (db) => db.select({ id: operations.id, fence: operations.fence }).from(operations)],
  [
    'a table and what is worked out with a parameter',
    (db) =>
      db
        .select({ ...getTableColumns(guests), late: sql`${guests.seenAt} > ${'2026-11-26'}::timestamptz` })
        .from(guests)
        .where(eq(guests.host, 'vm')),
  ],
  [
    'two tables',
    (db) =>
      db
        .select({ workload: workloads, state: hosts.state })
        .from(workloads)
        .leftJoin(hosts, sql`${hosts.name} = ${workloads.placed}->>'host'`),
  ],
  ['what a change returns', (db) => db.update(operations).set({ due: true }).where(eq(operations.id, 'x')).returning()],
];

describe('lists of columns that are remembered', () => {
  for (const [what, statement] of statements)
    it(`give the same statement for ${what}, each time`, () => {
      const wanted = statement(plain()).toSQL();
      const db = rememberingSelections(plain());
      expect(statement(db).toSQL()).toEqual(wanted);
      expect(statement(db).toSQL()).toEqual(wanted);
    });

  it('are another list for the same table beside a second one', () => {
    const db = rememberingSelections(plain());
    for (const [, statement] of statements) statement(db).toSQL();
    for (const [, statement] of statements) expect(statement(db).toSQL()).toEqual(statement(plain()).toSQL());
  });
});
