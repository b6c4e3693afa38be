import { setTimeout as delay } from 'node:timers/promises';
import { type Client, errorOf } from '@innkeeper/client';
import { InnkeeperError, isFinished, type OperationView, readyWithinMs } from '@innkeeper/model';
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
    // An end is answered at once, what is under way after that time.
    current = await Promise.all(
      current.map((one) => (isFinished(one.state) ? one : client.operation(one.id, `${lookAgainMs}ms`))),
    );
    if (current.some(({ state }) => state === 'waiting')) await delay(lookAgainMs);
    display.update(current);
  }
  display.finish();
  const failed = current.find(({ state }) => isFinished(state) && state !== 'done');
  if (failed?.error !== undefined) throw errorOf(failed.error);
  return current;
};

/** Of a workload whose manifest says when it is ready: waits for that, as long as the manifest gives it. */
const awaitReady = async (client: Client, id: string): Promise<void> => {
  const look = () =>
    client.workload(id).catch((error: unknown) => {
      if (error instanceof InnkeeperError && error.code === 'not_found') return undefined;
      throw error;
    });
  let view = await look();
  if (view?.readiness === undefined) return;
  const withinMs = readyWithinMs(view.spec?.readiness);
  const deadline = Date.now() + withinMs;
  while (view?.readiness?.ready === false) {
    if (Date.now() > deadline)
      throw new InnkeeperError('conflict', `${view.name} runs and is not ready after ${withinMs / 1000} s`, {
        detail: view.readiness.text ?? '',
        hint: `inn logs ${view.name}`,
      });
    await delay(lookAgainMs);
    view = await look();
  }
  if (view?.readiness?.ready === true) print(`${view.name} is ready`);
};

/** Follows operations to their end and waits until what runs is ready, or only names them. */
export const finishAll = async (client: Client, operations: readonly OperationView[], wait: boolean): Promise<void> => {
  if (!wait) {
    for (const { id, kind, workload } of operations) print(`${kind} ${workload.name}: operation ${id}`);
    return;
  }
  for (const { state, workload } of await follow(client, operations))
    if (state === 'done') await awaitReady(client, workload.id);
};
