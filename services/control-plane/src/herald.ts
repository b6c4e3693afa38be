import { announce, type Inventory } from '@innkeeper/inventory';
import type { Logger } from 'pino';
import { rested } from './rested.ts';

/** PostgreSQL lets one transaction that notifies end at a time, in all of the server: under load they would wait for each other. */
const restMs = 5;
/** A notification holds 8,000 bytes. */
const mostAtOnce = 200;

/**
 * Tells who listens that events were written, or that an operation has ended, once that is so: at once, and under load together.
 * Whoever listens looks again by itself after a while, should this process be killed in between.
 */
export const openHerald = ({ db }: Pick<Inventory, 'db'>, log: Logger): ((operation?: string) => void) => {
  const operations = new Set<string>();
  const send = rested(restMs, () => {
    const told = [...operations].slice(0, mostAtOnce);
    for (const id of told) operations.delete(id);
    announce(db, { operations: told }).catch((error: unknown) =>
      log.warn({ err: error }, 'nobody was told of an event'),
    );
    if (operations.size > 0) send();
  });
  return (operation) => {
    if (operation !== undefined) operations.add(operation);
    send();
  };
};
