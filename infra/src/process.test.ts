import { localHost } from '@innkeeper/host';
import { expect, test } from 'vitest';
import { findProcess, parseStat } from './process.ts';

const fields = (state: string, start: number): string => `${state} ${Array(18).fill(0).join(' ')} ${start} 0 0`;

test('a program’s name may hold blanks and parentheses', () => {
  expect(parseStat(`42 (a (b) c) ${fields('S', 4711)}`)).toEqual({ command: 'a (b) c', state: 'S', startTicks: 4711 });
});

test('what is not a stat line is nothing', () => {
  expect(parseStat('')).toBeUndefined();
  expect(parseStat('42 (cut off')).toBeUndefined();
});

test('this process is found with its arguments, a pid that nobody has is not', async () => {
  const found = await findProcess(localHost(), process.pid);
  expect(found?.argv.length).toBeGreaterThan(0);
  expect(await findProcess(localHost(), 2 ** 22 + 1)).toBeUndefined();
});
