import { type Inventory, wakeWaiting } from '@innkeeper/inventory';
import type { Logger } from 'pino';

/** Each of those who wait is placed anew: a thousand that end one after the other must not do that a thousand times. */
const restMs = 1000;

/** Wakes those who wait at once, and when it is asked for again within a second, once more behind it. */
export const openWaker = ({ db }: Pick<Inventory, 'db'>, log: Logger): (() => void) => {
  let resting = false;
  let again = false;
  const wake = (): void => {
    resting = true;
    again = false;
    wakeWaiting(db).catch((error: unknown) => log.warn({ err: error }, 'those who wait could not be woken'));
    setTimeout(() => {
      resting = false;
      if (again) wake();
    }, restMs).unref();
  };
  return () => {
    if (resting) again = true;
    else wake();
  };
};
