import { setTimeout as delay } from 'node:timers/promises';
import type { Control } from '../control.ts';
import { coalesce } from '../observation/coalesce.ts';
import { eventWaker } from '../wait.ts';

/** Events come in bursts. */
const gatherMs = 300;

/** Opens hosts that another process adds, and leaves those that it removes, until the signal fires. */
export const followMembers = async (
  control: Control,
  openStored: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  const emitter = await eventWaker(control);
  const look = coalesce(async () => {
    await delay(gatherMs, undefined, { signal });
    await openStored();
  });
  const onEvent = (): void =>
    void look().catch((error: unknown) => {
      if (!signal.aborted) control.log.warn({ err: error }, 'hosts of the inventory could not be read');
    });
  emitter.on('event', onEvent);
  signal.addEventListener('abort', () => emitter.off('event', onEvent));
};
