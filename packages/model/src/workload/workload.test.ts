import { describe, expect, it } from 'vitest';
import { parseWorkloadSpec } from '../manifest.ts';
import { changeCosts, completeSpec, sameSpec, specChanges, type WorkloadSpec, workloadSpec } from './index.ts';

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
    expect(() => completeSpec({ image: 'debian/beos' })).toThrow(TypeError));

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
    [{ placement: { strategy: 'spread', near: [] } }],
    [{ project: 'default' }],
    [{ autostart: true }],
    [{ restart: 'never' }],
    [{ devices: [] }],
    [{ privileged: false }],
    [{ failover: 'never' }],
    [{ labels: {} }],
    [{ description: '' }],
  ])('the default written out as %j is no change', (parts) => {
    expect(specChanges(spec(), spec(parts))).toEqual([]);
    expect(specChanges(spec(parts), spec())).toEqual([]);
  });

  it('naming the backend that a guest has, or leaving it open again, makes no other guest', () => {
    const named = spec({ backend: 'lxc' });
    expect(specChanges(spec(), named, 'lxc')).toMatchObject([{ field: 'backend', cost: 'live' }]);
    expect(specChanges(named, spec(), 'lxc')).toMatchObject([{ field: 'backend', cost: 'live' }]);
    expect(specChanges(spec(), named, 'kvm')).toMatchObject([{ field: 'backend', cost: 'recreate' }]);
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
    ['placement', { placement: { host: 'h2' } }],
    ['networks', { networks: [] }],
    ['cpus', { cpus: 2 }],
    ['memory', { memory: '1GiB' }],
    ['power', { power: 'stopped' }],
    ['labels', { labels: { tier: 'web' } }],
    ['project', { project: 'shop' }],
    ['cpuWeight', { cpuWeight: 200 }],
    ['cpuPinning', { cpuPinning: '0-3,6' }],
    ['memoryReserve', { memoryReserve: '256MiB' }],
    ['diskEnforced', { diskEnforced: true }],
    ['autostart', { autostart: false }],
    ['restart', { restart: 'always' }],
    ['dependsOn', { dependsOn: ['db'] }],
    ['readiness', { readiness: { tcp: 22 } }],
    ['protect', { protect: true }],
    ['ephemeral', { ephemeral: true }],
    ['ttl', { ttl: '2h' }],
    ['failover', { failover: 'auto' }],
    ['replicate', { replicate: { to: 'h2', every: '15m' } }],
    ['liveMigration', { liveMigration: true }],
    ['volumes', { volumes: [{ name: 'data', size: '1GiB', path: '/srv' }] }],
    ['mounts', { mounts: [{ from: '/srv/www', to: '/var/www' }] }],
    ['devices', { devices: [{ gpu: { vendor: 'nvidia' } }] }],
    ['snapshots', { snapshots: { schedule: '@daily', keep: { daily: 7 } } }],
    ['backups', { backups: { to: 'nas', schedule: '@daily', keep: { daily: 7 } } }],
    ['cloudInit', { cloudInit: { packages: ['nginx'] } }],
    ['kernelModules', { kernelModules: ['wireguard'] }],
    ['nested', { nested: true }],
    ['privileged', { privileged: true }],
    ['description', { description: 'notes' }],
  ])('a change of %s is shown with what it costs', (field, parts) => {
    expect(specChanges(spec(), spec(parts))).toEqual([
      { field, from: spec()[field], to: spec(parts)[field], cost: changeCosts[field] },
    ]);
  });

  it.each([
    ['disk', { disk: '20GiB' }, { disk: '30GiB' }, undefined, 'live'],
    ['disk', { disk: '30GiB' }, { disk: '20GiB' }, undefined, 'recreate'],
    ['memory', { memory: '1GiB' }, { memory: '2GiB' }, 'lxc', 'live'],
    ['memory', { memory: '1GiB' }, { memory: '2GiB' }, 'kvm', 'restart'],
    ['memory', { memory: '2GiB' }, { memory: '1GiB' }, 'kvm', 'live'],
    ['cpus', { cpus: 1 }, { cpus: 2 }, 'lxc', 'live'],
    ['cpus', { cpus: 1 }, { cpus: 2 }, 'kvm', 'live'],
    ['cpus', { cpus: 1 }, { cpus: 9 }, 'kvm', 'restart'],
    ['cpus', { cpus: 2 }, { cpus: 1 }, 'kvm', 'restart'],
    ['cpuPinning', { cpuPinning: '0' }, { cpuPinning: '1' }, 'lxc', 'restart'],
    ['cpuPinning', { cpuPinning: '0' }, { cpuPinning: '1' }, 'kvm', 'live'],
  ] as const)('of %s from %j to %j on %s costs: %s', (field, from, to, backend, cost) => {
    expect(specChanges(spec(from), spec(to), backend)).toMatchObject([{ field, cost }]);
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

describe('contradictions', () => {
  it.each<[Partial<WorkloadSpec>, string]>([
    [{ backend: 'lxc', isolation: 'strong' }, 'isolation: strong isolation is a kernel of its own'],
    [{ backend: 'lxc', kernelModules: ['kvm'] }, 'kernelModules: kernel modules need a kernel of its own'],
    [{ privileged: true, isolation: 'strong' }, 'privileged: privileged and isolation: strong contradict each other'],
    [{ memory: '1GiB', memoryReserve: '2GiB' }, 'memoryReserve: 2GiB is more than memory: 1GiB'],
    [{ ephemeral: true, protect: true }, 'protect: protect and ephemeral contradict each other'],
  ])('%j is refused at once', (parts, message) => expect(() => spec(parts)).toThrow(message));
});

describe('fields that people write by hand', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ networks: [{ ports: ['80'] }] }, '"80" is not a published port such as 8080:80 or 53:53/udp'],
    [{ networks: [{ ports: ['0:80'] }] }, '"0:80" is not a published port'],
    [{ ttl: '2 hours' }, '"2 hours" is not a duration; write a number and a unit, such as 30s, 2h or 7d'],
    [{ mounts: [{ from: '/srv/../etc', to: '/x' }] }, 'must be an absolute path without . and ..'],
    [{ devices: [{ tpu: {} }] }, 'must be one of { gpu: … }, { pci: … } and { usb: … }'],
    [{ devices: [{ usb: {} }] }, 'say which: serial, port, id or label'],
    [{ cpuPinning: 'all' }, 'must be processors of the host, such as 0-3,6'],
    [{ readiness: { tcp: 1, systemd: true } }, 'say one of tcp, http, command and systemd'],
    [{ snapshots: { schedule: 'sometimes' } }, 'must be cron, or @hourly'],
    [{ placement: { near: [{}] } }, 'say either workload or labels'],
    [{ cpuWeight: 0 }, 'cpuWeight'],
    [{ memoryReserve: '-1GiB' }, '"-1GiB" is not a size'],
    [{ memory: '99999999999999TiB' }, 'is not a size'],
  ])('%j is refused with what would be right', (parts, message) =>
    expect(() => parseWorkloadSpec({ image: 'debian/12', ...parts }, 'wiki')).toThrow(message),
  );
});
