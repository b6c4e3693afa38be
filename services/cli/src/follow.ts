import { setTimeout as delay } from 'node:timers/promises';
import { type Client, errorOf } from '@innkeeper/client';
import { isFinished, type OperationView } from '@innkeeper/model';
import { progress } from './show/progress.ts';

const lookAgainMs = 300;

/** Shows operations until all are finished. Throws the first failure. */
export const follow = async (client: Client, started: readonly OperationView[]): Promise<OperationView[]> => {
  const display = progress();
  let current = [...started];
  display.update(current);
  while (current.some(({ state }) => !isFinished(state))) {
    await delay(lookAgainMs);
    current = await Promise.all(current.map((one) => (isFinished(one.state) ? one : client.operation(one.id))));
    display.update(current);
  }
  display.finish();
  const failed = current.find(({ state }) => state !== 'done');
  if (failed?.error !== undefined) throw errorOf(failed.error);
  return current;
};
