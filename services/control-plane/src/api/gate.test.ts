import { describe, expect, it } from 'vitest';
import { openGate } from './gate.ts';

describe('a gate', () => {
  it('lets as many in as there are places, and the others in the order in which they came', async () => {
    const through = openGate(2);
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
    const through = openGate(1);
    await expect(through(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await through(async () => 'in')).toBe('in');
  });
});
