import { type Db, insertAudit } from '@innkeeper/inventory';

/** Requests of clients that were not known, counted: a guesser must not fill the database. */
export interface Refusals {
  /** One more from this address. */
  count(address: string): void;
  /** Writes a row for each address that there was; again is nothing. */
  flush(): Promise<void>;
}

const mostAddresses = 1000;
const theRest = 'other addresses';

export const openRefusals = (db: Db): Refusals => {
  let counts = new Map<string, number>();
  return {
    count: (address) => {
      const key = counts.has(address) || counts.size < mostAddresses ? address : theRest;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    flush: async () => {
      const due = counts;
      counts = new Map();
      for (const [address, count] of due)
        await insertAudit(db, {
          who: 'nobody',
          address,
          method: 'any',
          resourceKind: 'request',
          resourceName: 'unauthenticated',
          outcome: 'refused',
          reason: 'unauthenticated: no token that is known',
          count,
        });
    },
  };
};
