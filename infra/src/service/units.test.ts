import { expect, test } from 'vitest';
import { fillUnit } from './units.ts';

test('percent signs in values are doubled, or systemd would expand them', () => {
  expect(fillUnit('Environment="URL=@URL@"', { URL: 'postgres://inn@%2Frun/inn' })).toBe(
    'Environment="URL=postgres://inn@%%2Frun/inn"',
  );
});

test('a template that asks for an unknown value is a defect', () => {
  expect(() => fillUnit('@NOTHING@', {})).toThrow('NOTHING');
});
