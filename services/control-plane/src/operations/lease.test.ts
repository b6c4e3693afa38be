import type { Db } from '@innkeeper/inventory';
import { describe, expect, it, vi } from 'vitest';
import { openLease, whileRenewed } from './lease.ts';

vi.mock('@innkeeper/inventory', () => ({ leaseSeconds: 15, renewMs: 5000, renewLease: async () => undefined }));

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

  it('holds through work that takes longer, and is renewed no more when that has ended, also badly', async () => {
    vi.useFakeTimers();
    const { lease, now } = opened();
    await lease.renew();
    const later = async (ms: number): Promise<void> => {
      now.monotonic += ms;
      now.wall += ms;
      await vi.advanceTimersByTimeAsync(ms);
    };
    await whileRenewed(lease, async () => {
      for (let passed = 0; passed < 60_000; passed += 5000) await later(5000);
      lease.require();
    });
    await expect(whileRenewed(lease, () => Promise.reject(new Error('no host')))).rejects.toThrow('no host');
    await later(14_000);
    expect(lease.holds()).toBe(false);
    vi.useRealTimers();
  });
});
