import { expect, it } from 'vitest';
import { isDue, isOld, outdated } from './due.ts';

const at = (text: string): Date => new Date(`2025-11-${text}:00`);

it.each([
  [undefined, '26T12:00', true],
  ['26T03:01', '26T12:00', false],
  ['26T03:01', '27T02:59', false],
  ['26T03:01', '27T03:00', true],
  ['25T23:00', '26T02:00', false],
  ['25T23:00', '26T03:00', true],
  // It was switched off for some nights.
  ['20T03:01', '26T12:00', true],
])('with a newest dump of %s it is due at %s: %s', (newest, now, due) => {
  expect(isDue(newest === undefined ? undefined : at(newest), at(now))).toBe(due);
});

it('keeps seven days, and the newest however old it is', () => {
  const dumps = ['10T03:00', '18T03:00', '20T03:00', '25T03:00'].map((text) => ({ takenAt: at(text) }));
  expect(outdated(dumps, at('26T12:00'))).toEqual([{ takenAt: at('18T03:00') }, { takenAt: at('10T03:00') }]);
  expect(outdated([{ takenAt: at('01T03:00') }], at('26T12:00'))).toEqual([]);
});

it('is old after two days, and when there is none', () => {
  expect(isOld(undefined, at('26T12:00'))).toBe(true);
  expect(isOld(at('24T13:00'), at('26T12:00'))).toBe(false);
  expect(isOld(at('24T11:00'), at('26T12:00'))).toBe(true);
});
