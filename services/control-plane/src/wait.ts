import { EventEmitter } from 'node:events';
import { eventsChannel, findOperation, type OperationRow } from '@innkeeper/inventory';
import { InnkeeperError, isFinished } from '@innkeeper/model';
import type { Control } from './control.ts';

const wakers = new WeakMap<object, Promise<EventEmitter>>();

const anyEvent = 'event';

/** New events are told to all; the end of an operation to those who wait for it; a lost connection to everybody. */
const tellOf = (emitter: EventEmitter, payload: string | undefined): void => {
  if (payload === '') emitter.emit(anyEvent);
  else for (const name of payload?.split(',') ?? emitter.eventNames()) emitter.emit(name);
};

/** One LISTEN per inventory, shared by all that wait. */
export const eventWaker = (control: Pick<Control, 'inventory'>): Promise<EventEmitter> => {
  const known = wakers.get(control.inventory);
  if (known !== undefined) return known;
  const made = (async () => {
    const emitter = new EventEmitter();
    emitter.setMaxListeners(0);
    await control.inventory.listen(eventsChannel, (payload) => tellOf(emitter, payload));
    return emitter;
  })();
  wakers.set(control.inventory, made);
  // The next who waits tries again: the database was away.
  made.catch(() => void wakers.delete(control.inventory));
  return made;
};

/** For what is told by nobody: a control plane of the version before says of an end only that there is something. */
const lookAgainMs = 5000;

interface Awaiting {
  /** Of an operation's end instead of the next event. */
  readonly operation?: string;
  readonly ms: number;
  readonly signal?: AbortSignal;
}

/** Resolves with the next event, after `ms`, or when the signal fires. */
export const nextEvent = (emitter: EventEmitter, { operation: name = anyEvent, ms, signal }: Awaiting): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      emitter.off(name, done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    emitter.once(name, done);
    signal?.addEventListener('abort', done);
  });

/** The operation when it is finished, or as it is when the time is over. */
export const waitForOperation = async (control: Control, id: string, ms: number): Promise<OperationRow> => {
  const emitter = await eventWaker(control);
  const deadline = Date.now() + ms;
  for (;;) {
    const left = Math.max(1, deadline - Date.now());
    const woken = nextEvent(emitter, { operation: id, ms: Math.min(lookAgainMs, left) });
    const row = await findOperation(control.inventory.db, id);
    if (row === undefined) throw new InnkeeperError('not_found', `There is no operation ${id}`);
    // One that waits for room may wait for days: that is an answer too.
    if (isFinished(row.state) || row.state === 'waiting' || Date.now() >= deadline) return row;
    await woken;
  }
};
