import type { GuestObservation, WorkloadSpec } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { differencesOf } from './diff.ts';

const spec: WorkloadSpec = { image: 'debian/12', cpus: 2, memory: '512MiB' };
const MiB = 2 ** 20;
const row = {
  name: 'web',
  spec,
  generation: 3,
  placed: { host: 'h1', driver: 'lxc', backend: 'lxc' },
} as const;

const seen = (parts: Partial<GuestObservation> = {}) => ({
  observation: {
    state: 'running',
    cpus: 2,
    memoryBytes: 512 * MiB,
    ownership: { spec, generation: 3 },
    ...parts,
  } as GuestObservation,
});

const told = (parts: Partial<GuestObservation> = {}, of: Partial<typeof row> | { spec: WorkloadSpec } = {}): string[] =>
  differencesOf({ ...row, ...of }, seen(parts)).map(
    ({ field, what, asked, defined, observed }) => `${field} ${what}: ${asked} / ${defined} / ${observed}`,
  );

describe('the difference between what was asked and what is there', () => {
  it('is nothing for a guest that is as asked', () => expect(told()).toEqual([]));

  it('is what somebody else did to its power, its definition and its autostart', () => {
    expect(
      told(
        { state: 'stopped', edited: { cpus: 4, memoryBytes: 1024 * MiB }, autostart: true },
        { spec: { ...spec, autostart: false } },
      ),
    ).toEqual([
      'power changed: running / undefined / stopped',
      'cpus changed: 2 / 4 / 2',
      'memory changed: 512MiB / 1GiB / 512MiB',
      'autostart changed: false / true / true',
      'autostart not applied: false / undefined / undefined',
    ]);
  });

  it('is what acts from the next start on, unless somebody changed it since', () => {
    expect(told({ needsRestart: ['cpus'] })).toEqual(['cpus next start: 2 / undefined / undefined']);
    expect(told({ needsRestart: ['cpus'], edited: { cpus: 4 } })).toEqual(['cpus changed: 2 / 4 / 2']);
  });

  it('is what the guest was never brought to', () => {
    expect(told({}, { spec: { ...spec, memory: '1GiB', power: 'running' } })).toEqual([
      'memory not applied: 1GiB / 512MiB / undefined',
    ]);
  });

  it('is one thing for a guest that is newer than the database, says nothing of itself, or is not there', () => {
    expect(
      told({ ownership: { spec: { image: 'debian/12' }, generation: 5 } as GuestObservation['ownership'] }),
    ).toEqual(['generation newer: 3 / undefined / 5']);
    expect(told({ ownership: undefined })).toEqual(['metadata changed: says whose it is / undefined / says nothing']);
    expect(differencesOf(row, undefined).map(({ what }) => what)).toEqual(['missing']);
  });
});
