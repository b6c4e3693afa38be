import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Sql, TransactionSql } from 'postgres';
import { connectTo } from './connect.ts';
import { doneMigrations, migrationsSchema } from './migrations.ts';

/**
 * A dump is lines of JSON, for gzip: one that says what it is; for each table, in an order in which it can be loaded, one with its
 * columns and an array for each row, of texts and nulls; sequences; and a last line, without which it is cut off. The queue is
 * not in it: a job is a wake-up, which the operations table replaces.
 */
export const dumpFormat = 1;

export interface DumpHead {
  readonly innkeeper: 'dump';
  readonly format: number;
  /** ISO 8601. */
  readonly takenAt: string;
  /** Hashes of the migrations that the database had been through. */
  readonly migrations: readonly string[];
  readonly installation: string;
}

export interface DumpedTable {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
}

export interface DumpedSequence {
  readonly schema: string;
  readonly sequence: string;
  readonly value: string;
  readonly called: boolean;
}

export interface DumpEnd {
  readonly end: true;
  readonly tables: number;
}

export const schemas = ['innkeeper', migrationsSchema] as const;

const identifier = /^[a-z_][a-z0-9_]{0,62}$/;

/** Names as statements take them; undefined where one is none of ours. */
export const quoted = ({
  schema,
  table,
  columns,
}: DumpedTable): { readonly table: string; readonly columns: readonly string[] } | undefined =>
  (schemas as readonly string[]).includes(schema) && [table, ...columns].every((name) => identifier.test(name))
    ? { table: `"${schema}"."${table}"`, columns: columns.map((name) => `"${name}"`) }
    : undefined;

interface Reference {
  readonly from: string;
  readonly to: string;
}

/** Tables after those that they refer to. */
export const loadOrder = (tables: readonly string[], references: readonly Reference[]): string[] => {
  const ordered: string[] = [];
  const visit = (table: string, above: readonly string[]): void => {
    if (ordered.includes(table) || above.includes(table)) return;
    for (const { from, to } of references) if (from === table) visit(to, [...above, table]);
    ordered.push(table);
  };
  for (const table of [...tables].sort()) visit(table, []);
  return ordered;
};

const tablesOf = async (tx: Sql | TransactionSql): Promise<DumpedTable[]> => {
  const rows = await tx`
    select n.nspname as schema, c.relname as table,
      array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    where n.nspname = any(${[...schemas]}) and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
      and a.attgenerated = ''
    group by 1, 2`;
  // Names with their schema: the text of a regclass leaves it out for the schema that is called as the role is.
  const references = await tx`
    select fn.nspname || '.' || f.relname as "from", tn.nspname || '.' || t.relname as "to" from pg_constraint k
    join pg_class f on f.oid = k.conrelid join pg_namespace fn on fn.oid = f.relnamespace
    join pg_class t on t.oid = k.confrelid join pg_namespace tn on tn.oid = t.relnamespace
    where k.contype = 'f' and fn.nspname = any(${[...schemas]})`;
  const byName = new Map(rows.map((row) => [`${row.schema}.${row.table}`, row as unknown as DumpedTable]));
  const order = loadOrder([...byName.keys()], references as unknown as Reference[]);
  return order.flatMap((name) => byName.get(name) ?? []);
};

const sequencesOf = async (tx: TransactionSql): Promise<DumpedSequence[]> => {
  const rows = await tx`
    select schemaname as schema, sequencename as sequence from pg_sequences where schemaname = any(${[...schemas]})
    order by 1, 2`;
  const found: DumpedSequence[] = [];
  for (const { schema, sequence } of rows) {
    const [row] =
      await tx`select last_value::text as value, is_called as called from ${tx(String(schema))}.${tx(String(sequence))}`;
    found.push({
      schema: String(schema),
      sequence: String(sequence),
      value: String(row?.value),
      called: row?.called === true,
    });
  }
  return found;
};

const write = async (out: Writable, chunk: string | Uint8Array): Promise<void> => {
  if (!out.write(chunk)) await once(out, 'drain');
};

const line = (out: Writable, value: DumpHead | DumpedTable | DumpedSequence | DumpEnd): Promise<void> =>
  write(out, `${JSON.stringify(value)}\n`);

const perRead = 200;

/**
 * By a cursor: a COPY that is larger than what postgres.js 3.4.9 takes at once is paused and never goes on. Every value as
 * PostgreSQL writes it as text, which it reads again.
 */
const writeTable = async (tx: TransactionSql, out: Writable, table: DumpedTable): Promise<void> => {
  const target = quoted(table);
  if (target === undefined) throw new Error(`${table.schema}.${table.table} has a name that no dump can have`);
  await line(out, { schema: table.schema, table: table.table, columns: table.columns });
  const values = target.columns.map((name) => `${name}::text`).join(', ');
  const reading = tx.unsafe(`select jsonb_build_array(${values})::text as row from ${target.table}`);
  for await (const rows of reading.cursor(perRead)) for (const { row } of rows) await write(out, `${String(row)}\n`);
};

const installationOf = async (tx: TransactionSql): Promise<string> => {
  const [row] = await tx`select id::text from innkeeper.installation`;
  return String(row?.id ?? '');
};

/**
 * Writes everything that an inventory holds, as of one moment, while it is used; false when there is nothing in it yet.
 * Works with a database of any earlier version too. Does not end `out`.
 */
export const dumpInventory = async (url: string, out: Writable, now = new Date()): Promise<boolean> => {
  const client = connectTo(url, { max: 1 });
  try {
    return await client.begin('isolation level repeatable read read only', async (tx) => {
      const migrations = await doneMigrations(tx as unknown as Sql);
      if (migrations.length === 0) return false;
      const takenAt = now.toISOString();
      await line(out, {
        innkeeper: 'dump',
        format: dumpFormat,
        takenAt,
        migrations,
        installation: await installationOf(tx),
      });
      const tables = await tablesOf(tx);
      for (const table of tables) await writeTable(tx, out, table);
      for (const sequence of await sequencesOf(tx)) await line(out, sequence);
      await line(out, { end: true, tables: tables.length });
      return true;
    });
  } finally {
    await client.end({ timeout: 5 });
  }
};
