import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { checkSchedule, slotsOf } from './slots.ts';

const id = '3f1c2a68-0000-4000-8000-000000000001';
const long = new Date('2020-01-01T00:00:00Z');
const at = (text: string): Date => new Date(text);
const slots = (schedule: string, now: string, since = long) => slotsOf(schedule, id, { since, now: at(now) });
const refused = (schedule: string): string => {
  try {
    checkSchedule('web', { snapshots: { schedule } });
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return '';
};

describe('a schedule of snapshots', () => {
  it.each(['@hourly', '@daily', '@weekly', '@monthly', '@yearly', '30 3 * * 1-5', '*/15 * * * *'])(
    'may be %s',
    (schedule) => {
      expect(refused(schedule)).toBe('');
    },
  );

  it.each(['x * * * *', '61 * * * *', '0 0 30 2 *'])('is not %s, and says why', (schedule) => {
    expect(refused(schedule)).toContain('workloads.web.snapshots.schedule');
  });

  it('is that of backups as well', () => {
    expect(() => checkSchedule('web', { backups: { schedule: '61 * * * *' } })).toThrow(
      'workloads.web.backups.schedule',
    );
  });

  it('is made up for once, with the newest moment, however many were missed', () => {
    const { due } = slots('*/10 * * * *', '2026-11-26T12:34:00Z');
    expect(due?.at).toEqual(at('2026-11-26T12:30:00Z'));
  });

  it('has no moment before there was anything to keep', () => {
    expect(slots('*/10 * * * *', '2026-11-26T12:34:00Z', at('2026-11-26T12:31:00Z')).due).toBeUndefined();
  });

  it('is done a little later, by another part of the time between two for each workload, and by the same each time', () => {
    const delays = ['a', 'b', 'c', 'a'].map((other) => {
      const { due } = slotsOf('@daily', other, { since: long, now: at('2026-11-26T12:00:00Z') });
      return (due?.due.getTime() ?? 0) - (due?.at.getTime() ?? 0);
    });
    expect(new Set(delays).size).toBe(3);
    expect(delays[3]).toBe(delays[0]);
    for (const delay of delays) expect(delay).toBeLessThanOrEqual(5 * 60_000);
  });

  test.prop([
    fc.date({ min: at('2024-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z'), noInvalidDate: true }),
    fc.constantFrom('* * * * *', '*/7 * * * *', '@hourly', '@daily', '0 2 * * 1', '@monthly'),
    fc.uuid(),
  ])('is due when its moment has come, and the next comes later', (now, schedule, workload) => {
    const { due, next } = slotsOf(schedule, workload, { since: long, now });
    if (due !== undefined) {
      expect(due.due.getTime()).toBeLessThanOrEqual(now.getTime());
      expect(due.at.getTime()).toBeLessThanOrEqual(due.due.getTime());
    }
    expect(next?.due.getTime()).toBeGreaterThan(now.getTime());
    expect(next?.at.getTime()).not.toBe(due?.at.getTime());
  });
});
