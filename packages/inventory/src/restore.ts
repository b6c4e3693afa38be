import type { Readable } from 'node:stream';
import { InnkeeperError, type Problem } from '@innkeeper/model';
import type { TransactionSql } from 'postgres';
import { connectTo } from './connect.ts';
import {
  type DumpEnd,
  type DumpedSequence,
  type DumpedTable,
  type DumpHead,
  dumpFormat,
  quoted,
  schemas,
} from './dump.ts';

export type { DumpHead };

import { knownMigrations, migrationsSchema } from './migrations.ts';
import { prepareQueue } from './queue.ts';

const damaged = (what: string): InnkeeperError =>
  new InnkeeperError('invalid', `This is no whole dump of Innkeeper's: ${what}`, {
    hint: 'choose another one; the database is as it was',
  });

/** Lines end with a newline alone: texts of guests may hold every other character that some take for an end. */
async function* linesOf(dump: Readable): AsyncGenerator<string> {
  let left = Buffer.alloc(0);
  for await (const chunk of dump) {
    left = Buffer.concat([left, chunk as Buffer]);
    let from = 0;
    for (let at = left.indexOf(10, from); at !== -1; at = left.indexOf(10, from)) {
      yield left.toString('utf8', from, at);
      from = at + 1;
    }
    left = left.subarray(from);
  }
  if (left.length > 0) throw damaged('it is cut off');
}

const parse = <T>(text: string): T => {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw damaged('a line is not what it should be');
  }
};

const headOf = (text: string): DumpHead => {
  const head = parse<Partial<DumpHead> | null>(text);
  if (head?.innkeeper !== 'dump' || !Array.isArray(head.migrations)) throw damaged('it does not begin as one');
  if (head.format !== dumpFormat)
    throw new InnkeeperError('conflict', `The dump has the format ${head.format}, this Innkeeper reads ${dumpFormat}`, {
      hint: 'restore it with the Innkeeper that made it',
    });
  return head as DumpHead;
};

/** The tables as they were when the dump was made. Later migrations follow at the next start. */
const makeTables = async (tx: TransactionSql, { migrations }: DumpHead): Promise<void> => {
  const known = knownMigrations();
  const same = migrations.every((hash, at) => known[at]?.hash === hash);
  if (!same)
    throw new InnkeeperError('conflict', 'The dump is of a newer Innkeeper than this one', {
      hint: 'update Innkeeper, then restore it',
    });
  for (const schema of schemas) await tx`drop schema if exists ${tx(schema)} cascade`;
  await tx`create schema ${tx(migrationsSchema)}`;
  await tx`create table ${tx(migrationsSchema)}.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`;
  for (const { sql } of known.slice(0, migrations.length)) for (const statement of sql) await tx.unsafe(statement);
};

/** Lines, one of which can be given back. */
class Lines {
  readonly #source: AsyncGenerator<string>;
  #ahead: string | undefined;

  constructor(source: AsyncGenerator<string>) {
    this.#source = source;
  }

  /** Throws `invalid` where there is none. */
  async next(): Promise<string> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) return ahead;
    const { value, done } = await this.#source.next();
    if (done === true) throw damaged('it is cut off');
    return value;
  }

  giveBack(line: string): void {
    this.#ahead = line;
  }
}

const largestBatch = 500_000;

/** Rows up to the end of a table, as JSON, in batches of some hundred kilobytes. */
async function* batchesOf(table: DumpedTable, lines: Lines): AsyncGenerator<string> {
  let batch: string[] = [];
  let size = 0;
  for (;;) {
    const line = await lines.next();
    if (!line.startsWith('[')) {
      lines.giveBack(line);
      break;
    }
    if (parse<unknown[]>(line).length !== table.columns.length) throw damaged(`a row of ${table.table} is not whole`);
    batch.push(line);
    size += line.length;
    if (size < largestBatch) continue;
    yield `[${batch.join(',')}]`;
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) yield `[${batch.join(',')}]`;
}

const loadTable = async (tx: TransactionSql, table: DumpedTable, lines: Lines): Promise<void> => {
  const target = Array.isArray(table.columns) ? quoted(table) : undefined;
  if (target === undefined) throw damaged(`it has a table ${String(table.table).slice(0, 80)}`);
  const rows = await tx`
    select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
    where attrelid = to_regclass(${target.table}) and attnum > 0 and not attisdropped`;
  const types = new Map(rows.map(({ name, type }) => [String(name), String(type)]));
  const values = table.columns.map((name, at) => {
    const type = types.get(name);
    if (type === undefined) throw damaged(`${table.table} has no column ${name}`);
    return `(row->>${at})::${type}`;
  });
  const insert = `insert into ${target.table} (${target.columns.join(', ')}) select ${values.join(', ')}
    from jsonb_array_elements($1::text::jsonb) with ordinality as r(row, at) order by at`;
  for await (const batch of batchesOf(table, lines)) await tx.unsafe(insert, [batch]);
};

const isOurs = ({ schema }: { readonly schema: string }): boolean => (schemas as readonly string[]).includes(schema);

const load = async (tx: TransactionSql, lines: Lines): Promise<void> => {
  let tables = 0;
  for (;;) {
    const part = parse<DumpedTable | DumpedSequence | DumpEnd>(await lines.next());
    if ('end' in part) {
      if (part.tables !== tables) throw damaged(`it says ${part.tables} tables and has ${tables}`);
      return;
    }
    if (!isOurs(part)) throw damaged(`it writes to ${String(part.schema).slice(0, 80)}`);
    if ('table' in part) {
      await loadTable(tx, part, lines);
      tables += 1;
    } else
      await tx`select setval(${`"${part.schema}"."${part.sequence}"`}::regclass, ${part.value}::bigint, ${part.called})`;
  }
};

const interrupted: Problem = {
  type: 'urn:innkeeper:error:unavailable',
  title: 'Not available',
  status: 503,
  code: 'unavailable',
  detail: 'The database was restored from a dump that was made while this was going on',
  hint: 'look at what is there (inn recover), and ask again',
};

/**
 * What was going on when the dump was made is over, one way or another: nothing of it is gone on with or undone, and
 * nothing is started because of what was known of a boot.
 */
const settle = async (tx: TransactionSql): Promise<void> => {
  const problem = JSON.stringify(interrupted);
  await tx`delete from innkeeper.workers`;
  await tx`update innkeeper.operations set state = 'failed', finished_at = now(), worker_id = null, error = ${problem}::text::jsonb
    where finished_at is null`;
  await tx`update innkeeper.workloads set state = 'ready', error = ${problem}::text::jsonb
    where state <> 'ready' and state <> 'failed' and placed is not null`;
  await tx`update innkeeper.workloads set state = 'failed', error = ${problem}::text::jsonb where state <> 'ready' and placed is null`;
  await tx`update innkeeper.workloads set started_in_boot = null`;
};

/** Said by the migrations that know it; a dump of an earlier time says it when it has been brought up to date. */
const markBehind = async (tx: TransactionSql): Promise<void> => {
  const known = knownMigrations();
  const done = await tx`select count(*)::int as count from ${tx(migrationsSchema)}.__drizzle_migrations`;
  for (const { hash, sql } of known.slice(Number(done[0]?.count))) {
    for (const statement of sql) await tx.unsafe(statement);
    await tx`insert into ${tx(migrationsSchema)}.__drizzle_migrations (hash, created_at)
      values (${hash}, ${String(known.find((one) => one.hash === hash)?.folderMillis)})`;
  }
  await tx`update innkeeper.installation set behind = true`;
};

/**
 * Makes a database what it was when a dump was made, in one transaction: one that is damaged, cut off, or of a newer version
 * changes nothing (`invalid`, `conflict`). Nobody may work with the database meanwhile. What hosts know more than the dump is
 * shown by `inn recover`. Answers when the dump was made and of which installation it is.
 */
export const restoreInventory = async (url: string, dump: Readable): Promise<DumpHead> => {
  const client = connectTo(url, { max: 1 });
  try {
    const lines = new Lines(linesOf(dump));
    const head = headOf(await lines.next());
    await client.begin(async (tx) => {
      await makeTables(tx, head);
      await load(tx, lines);
      await settle(tx);
      await markBehind(tx);
      await tx`drop schema if exists graphile_worker cascade`;
    });
    await prepareQueue(url);
    return head;
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw damaged('it cannot be unpacked');
    throw error;
  } finally {
    dump.destroy();
    await client.end({ timeout: 5 });
  }
};
