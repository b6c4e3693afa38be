import type { GuestRow, WorkloadRow } from '@innkeeper/inventory';
import type { GuestObservation, WorkloadSpec } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { driftOf } from './drift.ts';

const MiB = 2 ** 20;
const spec: WorkloadSpec = { image: 'debian/12', cpus: 2, memory: '512MiB' };
// Only what drift is found by: rows come from the database, which the integration tests use.
const row = (parts: Partial<WorkloadRow> = {}): WorkloadRow =>
  ({ state: 'ready', spec, generation: 1, appliedGeneration: 1, ...parts }) as WorkloadRow;
const guest = (parts: Partial<GuestObservation> = {}): GuestRow =>
  ({
    observation: {
      state: 'running',
      cpus: 2,
      memoryBytes: 512 * MiB,
      ownership: { spec, generation: 1 },
      autostart: false,
      ...parts,
    },
  }) as GuestRow;
const drift = (parts: Partial<GuestObservation>, of: Partial<WorkloadRow> = {}): string[] =>
  driftOf(row(of), guest(parts), false);

describe('drift', () => {
  it('is none of a guest that nobody touched, of one that is being changed, and of one that is not made yet', () => {
    expect(drift({})).toEqual([]);
    expect(driftOf(row(), guest({ state: 'stopped', edited: { cpus: 4 } }), true)).toEqual([]);
    expect(driftOf(row({ state: 'creating' }), guest({ state: 'stopped' }), false)).toEqual([]);
    expect(driftOf(row(), undefined, false)).toEqual([]);
  });

  it('says what a stopped guest was given by others', () => {
    expect(drift({ state: 'stopped', cpus: 4, edited: { cpus: 4 } }, { spec: { ...spec, power: 'stopped' } })).toEqual([
      'cpus: 2 was asked, the guest has 4',
    ]);
  });

  it('says what a running guest will have, once for each field', () => {
    expect(
      drift({ edited: { cpus: 4, memoryBytes: 256 * MiB }, needsRestart: ['cpus', 'memory', 'networks'] }),
    ).toEqual([
      'cpus: 2 was asked, the guest has 4 from its next start on',
      'memory: 512MiB was asked, the guest has 256MiB from its next start on',
      'networks: acts from its next start on',
    ]);
  });

  it('tells sizes apart that would look the same', () => {
    const asked: WorkloadSpec = { ...spec, memory: '100GiB' };
    const lines = drift({
      state: 'stopped',
      ownership: { spec: asked, generation: 1 } as GuestObservation['ownership'],
      edited: { memoryBytes: 100 * 2 ** 30 + 2 * MiB },
    });
    expect(lines).toContain('memory: 104857600KiB was asked, the guest has 104859648KiB');
  });

  it('says that the guest is of a later generation than the database knows', () => {
    expect(drift({ ownership: { spec, generation: 3 } as GuestObservation['ownership'] })).toEqual([
      'database: the guest was brought to generation 3, of which the database knows 1: inn recover',
    ]);
  });

  it('says that a host starts what it is not to start, and nothing when that was asked', () => {
    expect(drift({ autostart: true })).toEqual([]);
    expect(drift({ autostart: true }, { spec: { ...spec, autostart: false } })).toEqual([
      'autostart: false was asked, its host starts the guest when it boots',
    ]);
  });

  it('says when the guest lost what makes it ours, and what it does', () => {
    expect(drift({ ownership: undefined, state: 'stopped' })).toEqual([
      'power: running was asked, the guest is stopped',
      'metadata: the guest does not say any more that it is ours',
    ]);
  });
});
