import { describe, expect, it } from 'vitest';
import { numberOption } from './numbers.ts';

describe('an option that is a number', () => {
  it('is read, and may be left out', () => {
    expect(numberOption('cpus', '2')).toBe(2);
    expect(numberOption('cpu-ratio', '1.5')).toBe(1.5);
    expect(numberOption('cpus', undefined)).toBeUndefined();
  });

  it.each(['two', '', ' ', '1e999', '2 3'])('is refused when it says %j, with its name', (text) => {
    expect(() => numberOption('cpus', text)).toThrow(`--cpus ${text}: must be a number`);
  });
});
