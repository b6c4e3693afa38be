/** Whether a host answers, as the inventory keeps it. */
export type Health = 'up' | 'suspect' | 'unreachable';

/** Without an answer for this long a host is suspect, and for this long unreachable. */
export const suspectAfterMs = 15_000;
export const unreachableAfterMs = 60_000;

/** How long until a host is asked again. */
export const askAgainMs: Readonly<Record<Health, number>> = { up: 10_000, suspect: 5000, unreachable: 10_000 };

/** One that has just failed to answer is asked soon, so that it is decided what it is. */
export const askSoonMs = 5000;

/**
 * | state       | answers | silent < 15 s | silent < 60 s | silent ≥ 60 s |
 * |-------------|---------|---------------|---------------|---------------|
 * | up          | up      | up            | suspect       | suspect       |
 * | suspect     | up      | suspect       | suspect       | unreachable   |
 * | unreachable | up      | unreachable   | unreachable   | unreachable   |
 * `silentMs`: since its last answer.
 */
export const nextHealth = (state: Health, answers: boolean, silentMs: number): Health => {
  if (answers) return 'up';
  if (state === 'up') return silentMs >= suspectAfterMs ? 'suspect' : 'up';
  return state === 'unreachable' || silentMs >= unreachableAfterMs ? 'unreachable' : 'suspect';
};
