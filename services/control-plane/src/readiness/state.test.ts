import type { GuestRow } from '@innkeeper/inventory';
import { expect, it } from 'vitest';
import { nextAfter } from './follow.ts';
import { readinessOf } from './state.ts';

const readyAt = new Date('2026-01-01T00:00:00Z');
const spec = { image: 'debian/12', readiness: { tcp: 22 } } as const;
const guest = (state: string, startedAtMs: number) => ({ observation: { state, startedAtMs } }) as unknown as GuestRow;
const row = { spec, readyAt, readinessText: null, probedLife: '5' } as const;

it('what was found of this life of a guest counts, and nothing of an earlier one', () => {
  expect(readinessOf(row, guest('running', 5))).toEqual({ ready: true, since: readyAt.toISOString() });
  expect(readinessOf(row, guest('running', 6))).toEqual({ ready: false, text: 'not probed yet' });
  expect(readinessOf({ ...row, readyAt: null, readinessText: 'no' }, guest('running', 5))).toEqual({
    ready: false,
    text: 'no',
  });
});

it('nothing is said of a guest that does not run, or has no probe', () => {
  expect(readinessOf(row, guest('paused', 5))).toBeUndefined();
  expect(readinessOf(row, undefined)).toBeUndefined();
  expect(readinessOf({ ...row, spec: { image: 'debian/12' } }, guest('running', 5))).toBeUndefined();
});

it('a guest that is coming up is probed often, others as often as they ask', () => {
  const due = (readiness: object, startedAtMs: number | null) => ({
    spec: { ...spec, readiness: { tcp: 22, ...readiness } },
    startedAtMs,
  });
  expect(nextAfter(due({}, 0), false, 1000)).toBe(1000);
  expect(nextAfter(due({}, 0), true, 1000)).toBe(10_000);
  expect(nextAfter(due({ every: '500ms' }, 0), false, 1000)).toBe(500);
  expect(nextAfter(due({ every: '30s', within: '1m' }, 0), false, 60_001)).toBe(30_000);
  expect(nextAfter(due({}, null), false, Date.now())).toBe(10_000);
});
