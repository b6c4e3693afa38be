import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { formatSetting, parseSetting } from './environment.ts';

test.prop([fc.string({ minLength: 1 }).filter((text) => !/[\n\r]/.test(text))])(
  'any value comes back as it was written',
  (value) => {
    expect(parseSetting(`A=1\nDATABASE_URL=${formatSetting(value)}\n`, 'DATABASE_URL')).toBe(value);
  },
);

test('values written by hand need no quotes; comments and empty ones are none', () => {
  expect(parseSetting('DATABASE_URL=postgres://a@b/c\n', 'DATABASE_URL')).toBe('postgres://a@b/c');
  expect(parseSetting('# DATABASE_URL=x\nDATABASE_URL=\n', 'DATABASE_URL')).toBeUndefined();
});
