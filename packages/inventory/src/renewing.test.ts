import { expect, test } from 'vitest';
import { isLostWrite } from './renewing.ts';

const lost = (parts: object): Error => Object.assign(new Error('write EPIPE'), parts);

test('a query that nobody waits for any more is lost with its connection', () => {
  expect(isLostWrite(lost({ code: 'EPIPE', query: '', parameters: [] }))).toBe(true);
  expect(isLostWrite(lost({ code: 'CONNECTION_CLOSED', query: 'begin', parameters: [] }))).toBe(true);
});

test('nothing else is passed over', () => {
  expect(isLostWrite(lost({ code: 'EPIPE' }))).toBe(false);
  expect(isLostWrite(lost({ code: '23505', query: '', parameters: [] }))).toBe(false);
  expect(isLostWrite(new TypeError('x is not a function'))).toBe(false);
  expect(isLostWrite(undefined)).toBe(false);
});
