import type { GuestRow, HostRow, WorkloadRow } from '@innkeeper/inventory';
import { describe, expect, it } from 'vitest';
import { stateOf } from './views.ts';

// Only what `stateOf` reads: rows come from the database, which the integration tests use.
const row = (state: WorkloadRow['state']): WorkloadRow => ({ state }) as WorkloadRow;
const host = (state: HostRow['state']): HostRow => ({ state }) as HostRow;
const guest = (state: GuestRow['observation']['state']): GuestRow => ({ observation: { state } }) as GuestRow;

describe('the state of a workload', () => {
  it.each(['running', 'paused', 'stopped'] as const)('is that of its guest, %s, while its host answers', (state) => {
    expect(stateOf(row('ready'), host('up'), guest(state), false)).toBe(state);
    expect(stateOf(row('ready'), host('draining'), guest(state), false)).toBe(state);
  });

  it('is unknown when libvirt says something else', () =>
    expect(stateOf(row('ready'), host('up'), guest('other'), false)).toBe('unknown'));

  it.each(['unreachable', 'suspect'] as const)('is unknown while its host is %s, whatever was seen last', (state) => {
    expect(stateOf(row('ready'), host(state), guest('running'), false)).toBe('unknown');
    expect(stateOf(row('ready'), host(state), undefined, false)).toBe('unknown');
  });

  it('is missing when its host answers and has no such guest', () =>
    expect(stateOf(row('ready'), host('up'), undefined, false)).toBe('missing'));

  it.each(['pending', 'creating', 'failed', 'removing'] as const)("is the record's while that is %s", (state) => {
    for (const up of [host('up'), host('unreachable'), undefined]) {
      for (const there of [guest('running'), undefined]) expect(stateOf(row(state), up, there, false)).toBe(state);
    }
  });

  it('is waiting while its operation is put aside, unless it has a guest', () => {
    expect(stateOf(row('pending'), undefined, undefined, true)).toBe('waiting');
    expect(stateOf(row('ready'), host('up'), guest('running'), true)).toBe('running');
  });
});
