import { expect, it } from 'vitest';
import { type Health, nextHealth } from './health.ts';

it.each<[Health, boolean, number, Health]>([
  ['up', true, 0, 'up'],
  ['up', false, 14_999, 'up'],
  ['up', false, 15_000, 'suspect'],
  ['up', false, 90_000, 'suspect'],
  ['suspect', true, 15_000, 'up'],
  ['suspect', false, 59_999, 'suspect'],
  ['suspect', false, 60_000, 'unreachable'],
  ['unreachable', true, 86_400_000, 'up'],
  ['unreachable', false, 0, 'unreachable'],
  ['unreachable', false, 60_000, 'unreachable'],
])('a host that is %s (answers: %s, silent for %i ms) is then %s', (state, answers, silentMs, then) => {
  expect(nextHealth(state, answers, silentMs)).toBe(then);
});
