import { describe, expect, it } from 'vitest';
import { coalesce } from './coalesce.ts';

/** Work that ends when it is told to, and counts how many run at once. */
const manual = () => {
  const ends: (() => void)[] = [];
  const seen = { started: 0, atOnce: 0, most: 0 };
  const work = async (): Promise<void> => {
    seen.started += 1;
    seen.atOnce += 1;
    seen.most = Math.max(seen.most, seen.atOnce);
    await new Promise<void>((resolve) => ends.push(resolve));
    seen.atOnce -= 1;
  };
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  const end = (): Promise<void> => {
    ends.shift()?.();
    return settle();
  };
  return { work, seen, end, settle };
};

describe('coalesced readings', () => {
  it('begin at once when none runs', async () => {
    const { work, seen, end } = manual();
    const read = coalesce(work);
    const first = read();
    expect(seen.started).toBe(1);
    await end();
    await first;
    const second = read();
    expect(seen.started).toBe(2);
    await end();
    await second;
  });

  it('give everybody who asks while one runs the same next one', async () => {
    const { work, seen, end } = manual();
    const read = coalesce(work);
    const first = read();
    const later = [read(), read(), read()];
    expect(seen.started).toBe(1);
    await end();
    await first;
    expect(seen.started).toBe(2);
    await end();
    await Promise.all(later);
    expect(seen).toMatchObject({ started: 2, most: 1 });
  });

  it('never run two at a time, even when somebody asks in the moment one ends', async () => {
    const { work, seen, end } = manual();
    const read = coalesce(work);
    const again = read().then(() => read());
    const queued = read();
    await end();
    expect(seen.most).toBe(1);
    for (let left = 0; left < 3; left += 1) await end();
    await Promise.all([again, queued]);
    expect(seen.most).toBe(1);
  });

  it('tell a failure to those who asked for it, and go on', async () => {
    let runs = 0;
    const read = coalesce(async () => {
      runs += 1;
      if (runs === 1) throw new Error('the host does not answer');
    });
    const first = read();
    const second = read();
    await expect(first).rejects.toThrow('the host does not answer');
    await expect(second).resolves.toBeUndefined();
    await expect(read()).resolves.toBeUndefined();
    expect(runs).toBe(3);
  });
});
