import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { limiter } from './limiter.ts';

describe('a limiter', () => {
  it('begins as many as there are places, and the others in the order in which they came', async () => {
    const through = limiter(2);
    const began: number[] = [];
    const ends: (() => void)[] = [];
    const all = [0, 1, 2, 3].map((number) =>
      through(async () => {
        began.push(number);
        await new Promise<void>((resolve) => void ends.push(resolve));
        return number;
      }),
    );
    await Promise.resolve();
    expect(began).toEqual([0, 1]);
    for (let turn = 0; turn < 4; turn += 1) {
      ends[turn]?.();
      await all[turn];
      await Promise.resolve();
    }
    expect(began).toEqual([0, 1, 2, 3]);
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
  });

  it('is not narrower after somebody who failed', async () => {
    const through = limiter(1);
    await expect(through(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await through(async () => 'in')).toBe('in');
  });

  test.prop([fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 30 })])(
    'is never passed and never stuck',
    async (places, tasks) => {
      const limit = limiter(places);
      let [now, most] = [0, 0];
      const results = await Promise.allSettled(
        tasks.map((fails) =>
          limit(async () => {
            now += 1;
            most = Math.max(most, now);
            await Promise.resolve();
            now -= 1;
            if (fails) throw new Error('failed');
          }),
        ),
      );
      expect(most).toBeLessThanOrEqual(places);
      expect(results.map(({ status }) => status === 'rejected')).toEqual(tasks);
    },
  );
});
