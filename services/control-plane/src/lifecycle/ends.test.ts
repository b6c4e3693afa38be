import type { GuestObservation, GuestState } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { ranLong, turnsOf } from './ends.ts';

const ours = '018f0000-0000-7000-8000-0000000000aa';
// Only what `turnsOf` reads.
const guest = (uuid: string, state: GuestState, installation: string | undefined = ours): GuestObservation =>
  ({
    uuid,
    name: `name-${uuid}`,
    state,
    ownership: installation === undefined ? undefined : { installation },
    ...(state === 'running' ? { startedAtMs: 5 } : {}),
  }) as GuestObservation;
const turns = (before: readonly GuestObservation[], seen: readonly GuestObservation[]) =>
  turnsOf(new Map(before.map((one) => [one.uuid, one])), seen, ours);

describe('two readings', () => {
  it.each(['running', 'paused', 'other'] as const)('tell that one that was %s has ended', (state) => {
    const startedAtMs = state === 'running' ? 5 : undefined;
    expect(turns([guest('a', state)], [guest('a', 'stopped')])).toEqual({
      ended: [{ uuid: 'a', name: 'name-a', startedAtMs }],
      begun: [],
    });
  });

  it('tell that one has begun', () =>
    expect(turns([guest('a', 'stopped')], [guest('a', 'running')])).toEqual({ ended: [], begun: ['a'] }));

  it('tell nothing of those that are as they were, are new, are gone, or are not ours', () => {
    const none = { ended: [], begun: [] };
    expect(turns([guest('a', 'stopped')], [guest('a', 'stopped')])).toEqual(none);
    expect(turns([], [guest('a', 'stopped')])).toEqual(none);
    expect(turns([guest('a', 'running')], [])).toEqual(none);
    expect(turns([guest('a', 'running', 'another')], [guest('a', 'stopped', 'another')])).toEqual(none);
  });
});

describe('a guest ran long', () => {
  it.each([
    [599_999, false],
    [600_000, true],
  ])('after %i ms: %s', (ms, long) => expect(ranLong(1000, 1000 + ms)).toBe(long));
  it('is not said of one that nobody saw starting', () => expect(ranLong(undefined, 1e12)).toBe(false));
});
