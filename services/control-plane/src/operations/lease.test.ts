import type { Db } from '@innkeeper/inventory';
import { describe, expect, it, vi } from 'vitest';
import { openLease } from './lease.ts';

vi.mock('@innkeeper/inventory', () => ({ leaseSeconds: 15, renewLease: async () => undefined }));

const opened = () => {
  const now = { monotonic: 1000, wall: 5_000_000 };
  const lease = openLease(
    {} as Db,
    { hostname: 'h1', bootId: 'b1', socket: '/run/one.sock' },
    { monotonic: () => now.monotonic, wall: () => now.wall },
  );
  return { lease, now };
};

describe('a lease', () => {
  it('does not hold before it is renewed, nor when its time is over', async () => {
    const { lease, now } = opened();
    expect(lease.holds()).toBe(false);
    await lease.renew();
    expect(lease.holds()).toBe(true);
    now.monotonic += 13_999;
    lease.require();
    now.monotonic += 1;
    expect(() => lease.require()).toThrow(/has not reached its database in time/);
    await lease.renew();
    lease.require();
  });

  it('ends while the machine sleeps, which one clock sees, and when a clock is set back it still ends by the other', async () => {
    const { lease, now } = opened();
    await lease.renew();
    now.wall += 60_000;
    expect(lease.holds()).toBe(false);
    await lease.renew();
    now.wall -= 3_600_000;
    expect(lease.holds()).toBe(true);
    now.monotonic += 14_000;
    expect(lease.holds()).toBe(false);
  });
});
