import { type Inventory, wakeWaiting } from '@innkeeper/inventory';
import type { Logger } from 'pino';
import { rested } from '../rested.ts';

/** Each of those who wait is placed anew: a thousand that end one after the other must not do that a thousand times. */
const restMs = 1000;

/** Wakes those who wait. */
export const openWaker = ({ db }: Pick<Inventory, 'db'>, log: Logger): (() => void) =>
  rested(restMs, () => {
    wakeWaiting(db).catch((error: unknown) => log.warn({ err: error }, 'those who wait could not be woken'));
  });
