import { setTimeout as delay } from 'node:timers/promises';
import type { Control } from '../control.ts';
import { coalesce } from '../observation/coalesce.ts';

/** What is due has a timer; this finds what another process left. */
const passMs = 30_000;

/** Guests begin and end in bursts: the first is looked at at once, all others of a burst together. */
const restMs = 100;

/**
 * Looks now, whenever it is asked to, when `look` said that something is due (in how many milliseconds; undefined: nothing
 * is known), and every 30 s, until the signal fires. `failed` is said when a look throws. Returns how to ask.
 */
export const lookAgainAndAgain = (
  control: Pick<Control, 'log'>,
  signal: AbortSignal,
  failed: string,
  look: () => Promise<number | undefined>,
): (() => void) => {
  let timer: NodeJS.Timeout | undefined;
  const pass = coalesce(async () => {
    clearTimeout(timer);
    let nextMs: number | undefined;
    try {
      nextMs = await look();
    } catch (error) {
      if (!signal.aborted) control.log.warn({ err: error }, failed);
    }
    clearTimeout(timer);
    if (signal.aborted) return;
    timer = setTimeout(ask, Math.min(passMs, Math.max(0, nextMs ?? passMs)));
    await delay(restMs, undefined, { signal }).catch(() => undefined);
  });
  const ask = (): void => {
    if (!signal.aborted) void pass();
  };
  signal.addEventListener('abort', () => clearTimeout(timer));
  ask();
  return ask;
};
