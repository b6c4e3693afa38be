import { InnkeeperError } from '@innkeeper/model';
import { sql } from 'drizzle-orm';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { connectTo } from './connect.ts';
import { doneMigrations, knownMigrations, migrateUp } from './migrations.ts';
import { type Listening, listenForever } from './pg.ts';
import { preparing } from './preparing.ts';
import { prepareQueue } from './queue.ts';
import { renewing } from './renewing.ts';
import * as schema from './schema.ts';
import { rememberingSelections } from './selections.ts';

/** A connection pool or a transaction: statements take either. */
export type Db = PostgresJsDatabase<typeof schema>;

export interface Inventory {
  readonly db: Db;
  /** A connection of its own, for what must not wait behind a thousand requests: leases, and whether the database answers. */
  readonly urgent: Db;
  readonly url: string;
  /** Calls back with what every notification says, and with nothing after a loss of the connection, until the inventory is closed. */
  listen(channel: string, onNotify: (payload?: string) => void): Promise<void>;
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const migrationLock = 0x1_4b_ee_9e_4;
/** Enough for the workers of one process and its requests. */
const usualConnections = 10;

/** Class 08 (connection exceptions) and shutdown states, and what the socket layer says. */
const awayCodes = new Set([
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08003',
  '08006',
  '08001',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
]);

/** True when the database did not answer, as opposed to answering with an error. */
export const isDatabaseAway = (error: unknown): boolean => {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && typeof current.code === 'string' && awayCodes.has(current.code)) return true;
  }
  return false;
};

/** unique_violation, SQLSTATE 23505. */
export const isDuplicate = (error: unknown, constraint: string): boolean => {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && current.code === '23505')
      return 'constraint_name' in current && current.constraint_name === constraint;
  }
  return false;
};

/** Graphile's tables first, then ours; drizzle's migrator takes no lock of its own, so two processes would collide. */
const bringUpToDate = async (url: string, beforeMigrating: () => Promise<void>): Promise<void> => {
  const client = connectTo(url, { max: 1 });
  try {
    await client`select pg_advisory_lock(${migrationLock})`;
    await prepareQueue(url);
    const done = (await doneMigrations(client)).length;
    if (done > 0 && done < knownMigrations().length) await beforeMigrating();
    await migrateUp(client);
  } finally {
    await client.end({ timeout: 5 });
  }
};

export interface OpenOptions {
  /** Most at a time. */
  readonly connections?: number;
  /** Called before a database with something in it is brought to this version; when it throws, it is not. */
  readonly beforeMigrating?: () => Promise<void>;
}

/** Connects and migrates. Throws `unavailable` when the database does not answer. */
export const openInventory = async (url: string, options: OpenOptions = {}): Promise<Inventory> => {
  const { connections = usualConnections, beforeMigrating = async () => undefined } = options;
  try {
    await bringUpToDate(url, beforeMigrating);
  } catch (error) {
    if (isDatabaseAway(error))
      throw new InnkeeperError('unavailable', 'The database does not answer', { cause: error });
    throw error;
  }
  const openPool = (max: number) =>
    renewing((onLost) => {
      const client = connectTo(url, {
        max,
        // None is closed for being idle or old: every close is a loss.
        idle_timeout: undefined,
        max_lifetime: null,
        onclose: onLost,
      });
      // Sets the parsers that the queries below count on.
      drizzle(client);
      return preparing(client);
    });
  const [pool, urgentPool] = [openPool(connections), openPool(1)];
  const db = rememberingSelections(drizzle(pool.sql, { schema }));
  const listening: Listening[] = [];
  return {
    db,
    urgent: drizzle(urgentPool.sql, { schema }),
    url,
    listen: async (channel, onNotify) => void listening.push(await listenForever(url, channel, onNotify)),
    transaction: (work) => db.transaction((tx) => work(tx as unknown as Db)),
    close: async () => {
      await Promise.all(listening.map((one) => one.close()));
      await Promise.all([pool.close(), urgentPool.close()]);
    },
  };
};

export const ping = async (db: Db): Promise<void> => void (await db.execute(sql`select 1`));
