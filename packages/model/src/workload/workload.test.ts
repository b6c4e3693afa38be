import { describe, expect, it } from 'vitest';
import { parseWorkloadSpec } from './manifest.ts';
import { changeCosts, completeSpec, sameSpec, specChanges, type WorkloadSpec, workloadSpec } from './workload.ts';

const spec = (parts: Partial<WorkloadSpec> = {}): WorkloadSpec =>
  parseWorkloadSpec({ image: 'debian/12', ...parts }, 'wiki');

describe('a complete specification', () => {
  it('has the defaults of its image', () => {
    expect(completeSpec(spec())).toMatchObject({
      backend: 'auto',
      driver: undefined,
      cpus: 1,
      memoryBytes: 2 ** 29,
      diskBytes: 10 * 2 ** 30,
      isolation: 'shared',
      power: 'running',
      networks: [{ network: 'default' }],
      host: undefined,
      labels: {},
    });
    const windows = completeSpec(spec({ image: 'windows/11' }));
    expect(windows).toMatchObject({
      cpus: 2,
      memoryBytes: 2 ** 32,
      diskBytes: 2 ** 36,
      image: { tpm: true, firmware: 'uefi-secure-boot' },
    });
  });

  it('has what the user set instead', () => {
    const complete = completeSpec(
      spec({ cpus: 3, memory: '1GB', disk: '1GiB', power: 'stopped', placement: { host: 'h1' }, networks: [] }),
    );
    expect(complete).toMatchObject({
      cpus: 3,
      memoryBytes: 1e9,
      diskBytes: 2 ** 30,
      power: 'stopped',
      host: 'h1',
      networks: [],
    });
  });

  it('is not made of an image that nobody checked', () =>
    expect(() => completeSpec({ image: 'beos' })).toThrow(TypeError));

  it('writes MAC addresses in one way', () => {
    const { networks } = spec({ networks: [{ network: 'default', mac: '52:54:00:AA:BB:01' }] });
    expect(networks).toEqual([{ network: 'default', mac: '52:54:00:aa:bb:01' }]);
  });
});

describe('what a change changes', () => {
  it.each<[Partial<WorkloadSpec>]>([
    [{ backend: 'auto' }],
    [{ cpus: 1 }],
    [{ memory: '512MiB' }],
    [{ memory: '0.5GiB' }],
    [{ disk: '10GiB' }],
    [{ isolation: 'shared' }],
    [{ power: 'running' }],
    [{ networks: [{ network: 'default' }] }],
    [{ placement: {} }],
    [{ labels: {} }],
    [{ description: '' }],
  ])('the default written out as %j is no change', (parts) => {
    expect(specChanges(spec(), spec(parts))).toEqual([]);
    expect(specChanges(spec(parts), spec())).toEqual([]);
  });

  it('the order of labels is no change', () => {
    expect(specChanges(spec({ labels: { a: '1', b: '2' } }), spec({ labels: { b: '2', a: '1' } }))).toEqual([]);
    expect(sameSpec(spec({ labels: { a: '1', b: '2' } }), spec({ labels: { b: '2', a: '1' } }))).toBe(true);
  });

  it.each<[keyof WorkloadSpec, Partial<WorkloadSpec>]>([
    ['image', { image: 'debian/13' }],
    ['backend', { backend: 'kvm' }],
    ['driver', { driver: 'lxc' }],
    ['isolation', { isolation: 'strong' }],
    ['disk', { disk: '20GiB' }],
    ['placement', { placement: { host: 'h2' } }],
    ['networks', { networks: [] }],
    ['cpus', { cpus: 2 }],
    ['memory', { memory: '1GiB' }],
    ['power', { power: 'stopped' }],
    ['labels', { labels: { tier: 'web' } }],
    ['description', { description: 'notes' }],
  ])('a change of %s is shown with what it costs', (field, parts) => {
    expect(specChanges(spec(), spec(parts))).toEqual([
      { field, from: spec()[field], to: spec(parts)[field], cost: changeCosts[field] },
    ]);
  });

  it('costs nothing running for labels, a restart for memory and a new guest for the image', () => {
    expect(changeCosts).toMatchObject({
      labels: 'live',
      power: 'live',
      memory: 'restart',
      cpus: 'restart',
      image: 'recreate',
      disk: 'recreate',
    });
  });

  it('has a cost for every field of a specification', () => {
    expect(Object.keys(changeCosts).sort()).toEqual(Object.keys(workloadSpec.shape).sort());
  });
});
