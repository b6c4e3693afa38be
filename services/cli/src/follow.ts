import { setTimeout as delay } from 'node:timers/promises';
import { type Client, errorOf } from '@innkeeper/client';
import { isFinished, type OperationView } from '@innkeeper/model';
import { print } from './show/output.ts';
import { progress } from './show/progress.ts';

const lookAgainMs = 300;
/** What was waited for may just have come: those who wait are given this long to go on. */
const settleMs = 3000;

/** Shows operations until all are finished. Throws the first failure. */
export const follow = async (client: Client, started: readonly OperationView[]): Promise<OperationView[]> => {
  const display = progress();
  let current = [...started];
  display.update(current);
  let moved = Date.now();
  const goesOn = (): boolean => {
    if (current.some(({ state }) => !isFinished(state) && state !== 'waiting')) moved = Date.now();
    // One that waits for room may wait for days: it is said, and not waited for.
    return current.some(({ state }) => !isFinished(state)) && Date.now() - moved < settleMs;
  };
  while (goesOn()) {
    await delay(lookAgainMs);
    current = await Promise.all(current.map((one) => (isFinished(one.state) ? one : client.operation(one.id))));
    display.update(current);
  }
  display.finish();
  const failed = current.find(({ state }) => isFinished(state) && state !== 'done');
  if (failed?.error !== undefined) throw errorOf(failed.error);
  return current;
};

/** Follows operations to their end, or only names them. */
export const finishAll = async (client: Client, operations: readonly OperationView[], wait: boolean): Promise<void> => {
  if (wait) await follow(client, operations);
  else for (const { id, kind, workload } of operations) print(`${kind} ${workload.name}: operation ${id}`);
};
