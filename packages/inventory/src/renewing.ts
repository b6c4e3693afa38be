import type { Sql } from 'postgres';

/** Queries that run on healthy connections of a pool that is given up may take this long. */
const graceSeconds = 5;

/** A pool that replaces itself. */
export interface Renewing {
  readonly sql: Sql;
  close(): Promise<void>;
}

/**
 * A pool that is replaced as a whole when it loses a connection. postgres.js 3.4.9 cancels the write that is due when a
 * socket closes without forgetting that it was (porsager/postgres#1208 and the pull requests beside it): the connection
 * that is made in its place sends nothing shorter than a kilobyte any more, and whoever asks on it waits for ever.
 * Ending the old pool rejects those that wait already. `make` is told whom to call when a connection is lost;
 * it must not close connections by itself, since an idle one that is closed looks the same.
 */
export const renewing = (make: (onLost: () => void) => Sql): Renewing => {
  let closed = false;
  let current: Sql;
  const open = (): Sql => {
    const mine: Sql = make(() => {
      if (closed || mine !== current) return;
      current = open();
      void mine.end({ timeout: graceSeconds }).catch(() => undefined);
    });
    return mine;
  };
  current = open();
  const sql = new Proxy((() => undefined) as unknown as Sql, {
    get: (_target, key) => Reflect.get(current, key) as unknown,
    apply: (_target, _this, args) => Reflect.apply(current as never, undefined, args) as unknown,
  });
  return {
    sql,
    close: async () => {
      closed = true;
      await current.end({ timeout: graceSeconds });
    },
  };
};

/** What becomes of a query whose connection is lost, in the words of postgres.js and of the kernel. */
const lossCodes = ['CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', 'EPIPE', 'ECONNRESET'];

/** As postgres.js hands it to a query. Of one that a transaction had not sent yet nobody hears: it is thrown here. */
const isLostQuery = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  'query' in thrown &&
  'parameters' in thrown &&
  'code' in thrown &&
  lossCodes.includes(String(thrown.code));

/**
 * The other half of that defect: what a transaction writes after its socket was closed is thrown from a timer, where
 * nobody can catch it, and a query that waited behind another is rejected where nobody listens. The pool is replaced
 * already and whoever waited is told, so both may be passed over.
 */
export const isLostWrite = (thrown: unknown): boolean =>
  isLostQuery(thrown) ||
  (thrown instanceof TypeError && /nextWrite[\s\S]*postgres\/(src|cjs\/src)\/connection\.js/.test(thrown.stack ?? ''));
