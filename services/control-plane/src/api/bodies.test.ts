import { expect, it } from 'vitest';
import { deepestBody, depthOf, hasUnstorable } from './bodies.ts';

it.each([
  ['', 0],
  ['1', 0],
  ['{"a":[1,{"b":2}]}', 3],
  ['[][][]', 1],
  ['"[[[["', 0],
  ['{"a":"\\"[[["}', 1],
  ['{"a":"\\\\"}', 1],
])('%j is %i deep', (text, depth) => expect(depthOf(text)).toBe(depth));

it('stops counting above the limit, however deep it is', () => {
  expect(depthOf('['.repeat(1_000_000))).toBe(deepestBody + 1);
});

it.each([
  ['{"a":"\\u0000"}', true],
  ['{"\\u0000":1}', true],
  ['["\\ud83d"]', true],
  ['["\\ud83e\\udde8"]', false],
  ['["\\\\u0000"]', false],
  ['["\\u0041"]', false],
  ['["\\u0000', false],
])('whether %s has what cannot be stored is %s', (json, expected) => expect(hasUnstorable(json)).toBe(expected));
