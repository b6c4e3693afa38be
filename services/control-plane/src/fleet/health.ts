/** Whether a host answers, as the inventory keeps it. */
export type Health = 'up' | 'suspect' | 'unreachable';

/** Without an answer for this long a host is unreachable. */
export const unreachableAfterMs = 30_000;

/** How long until a host is asked again: one that has just failed to answer soon, so that it is decided what it is. */
export const askAgainMs: Readonly<Record<Health, number>> = { up: 10_000, suspect: 5000, unreachable: 10_000 };

/**
 * | state       | answers | silent < 30 s | silent ≥ 30 s |
 * |-------------|---------|---------------|---------------|
 * | up          | up      | suspect       | suspect       |
 * | suspect     | up      | suspect       | unreachable   |
 * | unreachable | up      | unreachable   | unreachable   |
 * `silentMs`: since its last answer.
 */
export const nextHealth = (state: Health, answers: boolean, silentMs: number): Health => {
  if (answers) return 'up';
  if (state === 'up') return 'suspect';
  return state === 'unreachable' || silentMs >= unreachableAfterMs ? 'unreachable' : 'suspect';
};
