import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { pauseBefore } from './back-off.ts';

describe('the pause before a restart', () => {
  it('is 1 s, then twice as long each time, and at most 5 min', () => {
    expect([0, 1, 2, 3, 7, 8, 9, 10, 5000].map(pauseBefore)).toEqual([
      1000, 2000, 4000, 8000, 128_000, 256_000, 300_000, 300_000, 300_000,
    ]);
  });

  test.prop([fc.nat(100_000)])('never shrinks, and never leaves its bounds', (streak) => {
    expect(pauseBefore(streak)).toBeGreaterThanOrEqual(1000);
    expect(pauseBefore(streak + 1)).toBeGreaterThanOrEqual(pauseBefore(streak));
    expect(pauseBefore(streak)).toBeLessThanOrEqual(300_000);
  });
});
