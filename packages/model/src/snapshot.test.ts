import { describe, expect, it } from 'vitest';
import { newSnapshot, snapshotNameAt, snapshotNamePattern } from './snapshot.ts';

describe('the name of a snapshot', () => {
  it.each(['a', '1', 'before-upgrade', '20261126-154418', 'a'.repeat(63)])('may be %s', (name) =>
    expect(newSnapshot.safeParse({ name }).success).toBe(true),
  );

  it.each(['', '-a', 'a-', 'A', 'a.b', 'a/b', '..', 'a b', 'ä', 'a\n', '$(id)', 'a'.repeat(64)])(
    'is not %j',
    (name) => {
      const { error } = newSnapshot.safeParse({ name });
      expect(error?.issues[0]?.message).toMatch(/cannot be the name of a snapshot: use 1 to 63/);
    },
  );

  it('is the moment when none is given', () => {
    const name = snapshotNameAt(new Date(Date.UTC(2026, 10, 26, 15, 4, 8, 999)));
    expect(name).toBe('20261126-150408');
    expect(snapshotNamePattern.test(name)).toBe(true);
  });
});
