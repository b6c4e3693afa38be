import { setTimeout as delay } from 'node:timers/promises';

interface WaitOptions {
  readonly limitMs: number;
  readonly everyMs?: number;
}

/** The first answer that is not undefined; undefined when the limit passed without one. Asks at least once. */
export const waitFor = async <T>(
  ask: () => Promise<T | undefined> | T | undefined,
  { limitMs, everyMs = 100 }: WaitOptions,
): Promise<T | undefined> => {
  const end = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() >= end) return undefined;
    await delay(everyMs);
  }
};
