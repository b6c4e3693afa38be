import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { inTimeZone } from './calendar.ts';
import { parseRetention, type Retention, retain, retentionTiers } from './retention.ts';

const day = 86_400_000;
const at = (text: string) => ({ at: new Date(text) });
const kept = (moments: readonly string[], keep: Retention, zone?: string): string[] =>
  retain(moments.map(at), keep, zone).flatMap(({ item, keptBy }) =>
    keptBy === undefined ? [] : [`${item.at.toISOString().slice(0, 16)} ${keptBy}`],
  );
/** One each day at 21:00, the newest last. */
const daily = (days: number, last = Date.UTC(2026, 10, 26, 21)): string[] =>
  Array.from({ length: days }, (_, index) => new Date(last - (days - 1 - index) * day).toISOString());

describe('what is to be kept, as text', () => {
  it('is numbers of tiers', () => {
    expect(parseRetention('last=3, daily=7,weekly=4')).toEqual({ last: 3, daily: 7, weekly: 4 });
  });

  it.each(['', 'daily', 'daily=x', 'daily=-1', 'dayly=7', 'daily=7,daily=8', 'daily=7;weekly=4', 'daily=10001'])(
    'is not %j',
    (text) => {
      expect(parseRetention(text)).toBeUndefined();
    },
  );
});

describe('what is kept', () => {
  it('is all when nothing is said, or only zeros', () => {
    expect(retain(daily(3).map(at), {}).map(({ keptBy }) => keptBy)).toEqual(['all', 'all', 'all']);
    expect(retain(daily(1).map(at), { last: 0, daily: 0 })[0]?.keptBy).toBe('all');
  });

  it('are the last, however near they are to each other', () => {
    expect(kept(['2026-01-01T00:00', '2026-01-01T00:01', '2026-01-01T00:01'], { last: 2 })).toHaveLength(2);
  });

  it('is the newest of each hour, day, week, month and year; periods without any do not count', () => {
    const moments = ['2024-05-01T08:10Z', '2026-01-01T08:10Z', '2026-01-01T08:50Z', '2026-03-01T09:00Z'];
    expect(kept(moments, { hourly: 2 })).toEqual(['2026-01-01T08:50 hourly', '2026-03-01T09:00 hourly']);
    expect(kept(moments, { daily: 3 })).toEqual([
      '2024-05-01T08:10 daily',
      '2026-01-01T08:50 daily',
      '2026-03-01T09:00 daily',
    ]);
    expect(kept(moments, { yearly: 1 })).toEqual(['2026-03-01T09:00 yearly']);
  });

  it('goes on with each tier where the one before it ends', () => {
    expect(kept(daily(30), { daily: 2, weekly: 2, monthly: 1 })).toEqual([
      '2026-10-31T21:00 monthly',
      '2026-11-15T21:00 weekly',
      '2026-11-22T21:00 weekly',
      '2026-11-25T21:00 daily',
      '2026-11-26T21:00 daily',
    ]);
  });

  it('counts weeks as ISO 8601 does, also over the end of a year', () => {
    // 2026-12-31 is a Thursday: the Sunday after it is in the same week, which is the 53rd.
    expect(
      kept(['2026-12-27T10:00Z', '2026-12-31T10:00Z', '2027-01-03T10:00Z', '2027-01-04T10:00Z'], { weekly: 3 }),
    ).toEqual(['2026-12-27T10:00 weekly', '2027-01-03T10:00 weekly', '2027-01-04T10:00 weekly']);
  });

  it('counts days as they are where the machine is', () => {
    const moments = ['2026-07-01T21:30Z', '2026-07-01T22:30Z'];
    expect(kept(moments, { daily: 5 })).toHaveLength(1);
    expect(kept(moments, { daily: 5 }, 'Europe/Berlin')).toHaveLength(2);
  });

  it('tells the two hours apart that an autumn night has', () => {
    const moments = ['2026-10-25T00:30Z', '2026-10-25T01:30Z'];
    expect(moments.map((moment) => inTimeZone(new Date(moment), 'Europe/Berlin').hour)).toEqual([2, 2]);
    expect(kept(moments, { hourly: 5 }, 'Europe/Berlin')).toHaveLength(2);
  });
});

describe("the practical example of Proxmox VE's administration guide: ten years of daily backups", () => {
  const example = { last: 3, daily: 13, weekly: 8, monthly: 11, yearly: 9 };
  const ends = Array.from({ length: 40 }, (_, index) => Date.UTC(2026, 0, 1 + index * 9, 21));

  it.each(ends)('keeps two weeks of days, two months of weeks, a year of months and ten years, ending at %d', (end) => {
    const all = daily(11 * 366, end).map(at);
    const found = retain(all, example).filter(({ keptBy }) => keptBy !== undefined);
    expect(found).toHaveLength(3 + 13 + 8 + 11 + 9);
    const days = found.map(({ item }) => (end - item.at.getTime()) / day);
    for (let back = 0; back < 14; back += 1) expect(days).toContain(back);
    const gapAfter = (from: number, to: number): number => {
      const inside = days.filter((one) => one >= from && one <= to).sort((a, b) => a - b);
      return Math.max(...inside.map((one, index) => one - (inside[index - 1] ?? from)));
    };
    expect(gapAfter(14, 60)).toBeLessThanOrEqual(13);
    expect(gapAfter(60, 365)).toBeLessThanOrEqual(2 * 31 - 1);
    expect(Math.max(...days)).toBeGreaterThanOrEqual(9 * 365);
  });
});

const moments = fc.array(
  fc
    .date({ min: new Date('2015-01-01'), max: new Date('2027-01-01'), noInvalidDate: true })
    .map((one) => ({ at: one })),
  { maxLength: 80 },
);
const policy = fc.record(
  Object.fromEntries(retentionTiers.map((tier) => [tier, fc.integer({ min: 0, max: 8 })])) as never,
  { requiredKeys: [] },
) as fc.Arbitrary<Retention>;
const said = (keep: Retention): boolean => retentionTiers.some((tier) => (keep[tier] ?? 0) > 0);

describe('for any policy and any moments', () => {
  test.prop([moments, policy])('each tier keeps at most what it says, and the newest stays', (items, keep) => {
    fc.pre(said(keep) && items.length > 0);
    const found = retain(items, keep);
    for (const tier of retentionTiers)
      expect(found.filter(({ keptBy }) => keptBy === tier).length).toBeLessThanOrEqual(keep[tier] ?? 0);
    const newest = Math.max(...items.map((one) => one.at.getTime()));
    expect(found.some(({ item, keptBy }) => keptBy !== undefined && item.at.getTime() === newest)).toBe(true);
  });

  test.prop([moments, policy])('what was thinned out is not thinned out further', (items, keep) => {
    const left = retain(items, keep).flatMap(({ item, keptBy }) => (keptBy === undefined ? [] : [item]));
    expect(retain(left, keep).every(({ keptBy }) => keptBy !== undefined)).toBe(true);
  });

  test.prop([moments, policy, fc.constantFrom(...retentionTiers)])(
    'more of a tier never keeps fewer',
    (items, keep, tier) => {
      fc.pre(said(keep));
      const count = (policyOf: Retention): number =>
        retain(items, policyOf).filter(({ keptBy }) => keptBy !== undefined).length;
      expect(count({ ...keep, [tier]: (keep[tier] ?? 0) + 1 })).toBeGreaterThanOrEqual(count(keep));
    },
  );

  test.prop([moments, policy])('no two that one tier keeps are of one of its periods', (items, keep) => {
    fc.pre(said(keep));
    const days = retain(items, keep)
      .filter(({ keptBy }) => keptBy === 'daily')
      .map(({ item }) => item.at.toISOString().slice(0, 10));
    expect(new Set(days).size).toBe(days.length);
  });
});
