import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** The only file that knows node-postgres: graphile-worker wants its pool, and its clients say when they are lost. */

/** Graphile wants handlers for connections that break while idle, and while they are being made. */
export const openPool = (url: string, max: number): pg.Pool => {
  const pool = new pg.Pool({ connectionString: url, max });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return pool;
};

export const withPool = async <T>(url: string, work: (pool: pg.Pool) => Promise<T>): Promise<T> => {
  const pool = openPool(url, 1);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
};

const againMs = 1000;

export interface Listening {
  close(): Promise<void>;
}

/**
 * Calls back with what every notification says, and with nothing after each time the connection was lost: something may
 * have been missed.
 * Resolves when it listens for the first time.
 */
export const listenForever = async (
  url: string,
  channel: string,
  onNotify: (payload?: string) => void,
): Promise<Listening> => {
  const stopping = new AbortController();
  const begin = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url });
    client.on('notification', ({ payload }) => onNotify(payload ?? ''));
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    return client;
  };
  const first = await begin();
  const lost = (client: pg.Client): Promise<void> => new Promise((resolve) => void client.once('end', () => resolve()));
  const follow = async (): Promise<void> => {
    let client: pg.Client | undefined = first;
    while (!stopping.signal.aborted) {
      if (client !== undefined) {
        const current: pg.Client = client;
        const stop = (): void => void current.end().catch(() => undefined);
        stopping.signal.addEventListener('abort', stop);
        await lost(current);
        stopping.signal.removeEventListener('abort', stop);
        if (stopping.signal.aborted) return;
      }
      client = await begin().catch(() => undefined);
      if (client === undefined) await delay(againMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      else onNotify();
    }
  };
  const following = follow();
  return {
    close: async () => {
      stopping.abort();
      await following;
    },
  };
};
