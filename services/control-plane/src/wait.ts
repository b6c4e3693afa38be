import { EventEmitter } from 'node:events';
import { eventsChannel, findOperation, type OperationRow } from '@innkeeper/inventory';
import { InnkeeperError, isFinished } from '@innkeeper/model';
import type { Control } from './control.ts';

const wakers = new WeakMap<object, Promise<EventEmitter>>();

/** One LISTEN per inventory, shared by all that wait. Every finished operation tells an event. */
export const eventWaker = (control: Pick<Control, 'inventory'>): Promise<EventEmitter> => {
  const known = wakers.get(control.inventory);
  if (known !== undefined) return known;
  const made = (async () => {
    const emitter = new EventEmitter();
    emitter.setMaxListeners(0);
    await control.inventory.listen(eventsChannel, () => void emitter.emit('event'));
    return emitter;
  })();
  wakers.set(control.inventory, made);
  // The next who waits tries again: the database was away.
  made.catch(() => void wakers.delete(control.inventory));
  return made;
};

/** Ends are told; this finds what was missed while the connection was away. */
const lookAgainMs = 2000;

/** Resolves with the next event, after `ms`, or when the signal fires. */
export const nextEvent = (emitter: EventEmitter, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      emitter.off('event', done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    emitter.once('event', done);
    signal?.addEventListener('abort', done);
  });

/** The operation when it is finished, or as it is when the time is over. */
export const waitForOperation = async (control: Control, id: string, ms: number): Promise<OperationRow> => {
  const emitter = await eventWaker(control);
  const deadline = Date.now() + ms;
  for (;;) {
    const woken = nextEvent(emitter, Math.min(lookAgainMs, Math.max(1, deadline - Date.now())));
    const row = await findOperation(control.inventory.db, id);
    if (row === undefined) throw new InnkeeperError('not_found', `There is no operation ${id}`);
    // One that waits for room may wait for days: that is an answer too.
    if (isFinished(row.state) || row.state === 'waiting' || Date.now() >= deadline) return row;
    await woken;
  }
};
