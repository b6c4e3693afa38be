import { describe, expect, it } from 'vitest';
import { lastLines } from './lines.ts';

const last = (text: string, count?: number): string => Buffer.from(lastLines(Buffer.from(text), count)).toString();

describe('the last lines', () => {
  it.each([
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\n', 5, 'a\nb\n'],
    ['a\n\n', 1, '\n'],
    ['a\n', 0, ''],
    ['', 3, ''],
    ['a\nb\n', undefined, 'a\nb\n'],
  ])('of %j, %s of them, are %j', (text, count, expected) => expect(last(text, count)).toBe(expected));
});
