import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { nearest } from './nearest.ts';

const known = ['image', 'memory', 'networks', 'cpus', 'disk', 'placement'];

describe('the nearest known word', () => {
  it.each([
    ['memroy', 'memory'],
    ['Memory', 'memory'],
    ['network', 'networks'],
    ['cpu', 'cpus'],
    ['dsik', 'disk'],
    ['plcement', 'placement'],
  ])('of %s is %s', (word, meant) => expect(nearest(word, known)).toBe(meant));

  it.each(['', 'volumes', 'xyz', 'm'.repeat(41)])('of %j is none', (word) =>
    expect(nearest(word, known)).toBeUndefined(),
  );

  it('of nothing known is none', () => expect(nearest('memory', [])).toBeUndefined());

  it('is the one with the fewest edits', () => expect(nearest('port', ['sort', 'ports', 'port'])).toBe('port'));

  test.prop([fc.constantFrom(...known), fc.nat(), fc.string({ minLength: 1, maxLength: 1 })])(
    'survives one wrong letter in words of more than five',
    (word, position, letter) => {
      if (word.length < 6) return;
      const at = position % word.length;
      expect(nearest(word.slice(0, at) + letter + word.slice(at + 1), known)).toBe(word);
    },
  );
});
