import { fc, test } from '@fast-check/vitest';
import { completeSpec, type WorkloadSpec } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import type { HostSnapshot, PlacementRequest } from './snapshot.ts';
import { ask, GiB, host, kvm, lxc, MiB, snapshot } from './testing.ts';

const diskOnly = {
  image: { ...completeSpec({ image: 'debian/12' }).image, name: 'debian/disk', variants: ['disk'] },
} as const;
const rootOnly = {
  image: { ...completeSpec({ image: 'debian/12' }).image, name: 'debian/root', variants: ['rootfs'] },
} as const;

interface Case {
  readonly says: string;
  readonly hosts: readonly HostSnapshot[];
  readonly request: PlacementRequest;
  /** `host/driver`, or nothing when it fits nowhere. */
  readonly winner?: string;
  readonly reason: string;
}

const cases: readonly Case[] = [
  {
    says: 'a plain Linux service becomes a container',
    hosts: [host('h1')],
    request: ask(),
    winner: 'h1/lxc',
    reason:
      'runs as a container on h1: a Linux service is lighter as a container: it starts at once and shares memory with the host',
  },
  {
    says: 'Windows becomes a virtual machine',
    hosts: [host('h1')],
    request: ask({ image: 'windows/11' }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: windows/11 is a Windows guest; containers share the Linux kernel of the host',
  },
  {
    says: 'strong isolation becomes a virtual machine',
    hosts: [host('h1')],
    request: ask({ isolation: 'strong' }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: isolation: strong asks for a kernel of its own; a container shares the kernel of the host',
  },
  {
    says: 'a virtual machine that was asked for is one',
    hosts: [host('h1')],
    request: ask({ backend: 'kvm' }),
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: the manifest asks for kvm',
  },
  {
    says: 'a container that was asked for is one',
    hosts: [host('h1')],
    request: ask({ backend: 'lxc' }),
    winner: 'h1/lxc',
    reason: 'runs as a container on h1: the manifest asks for lxc',
  },
  {
    says: 'a driver that was asked for is taken',
    hosts: [host('h1')],
    request: ask({ driver: 'kvm' }),
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: the manifest asks for kvm',
  },
  {
    says: 'a host that was asked for is taken',
    hosts: [host('h1'), host('h2', { images: [] })],
    request: ask({ placement: { host: 'h2' } }),
    winner: 'h2/lxc',
    reason:
      'runs as a container on h2: a Linux service is lighter as a container: it starts at once and shares memory with the host',
  },
  {
    says: 'a host that was asked for and is not there is a refusal',
    hosts: [host('h1')],
    request: ask({ placement: { host: 'h9' } }),
    reason: 'wiki fits nowhere: on h1/lxc, the manifest asks for the host h9',
  },
  {
    says: 'a host that is just large enough is enough',
    hosts: [host('h1', { memoryBytes: 1024 * MiB })],
    request: ask({ memory: '1GiB', backend: 'lxc' }),
    winner: 'h1/lxc',
    reason: 'runs as a container on h1: the manifest asks for lxc',
  },
  {
    says: 'a name that a foreign container has makes a virtual machine',
    hosts: [host('h1', { foreignNames: { lxc: ['wiki'] } })],
    request: ask(),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: a guest called wiki that Innkeeper did not create is on h1; choose another name',
  },
  {
    says: 'a host that does not answer gets nothing',
    hosts: [host('h1', { state: 'unreachable' })],
    request: ask(),
    reason: 'wiki fits nowhere: fits h1/lxc if h1 were up (h1 does not answer)',
  },
  {
    says: 'a host that is being emptied gets nothing new',
    hosts: [host('h1', { state: 'draining' }), host('h2', { images: [] })],
    request: ask({ backend: 'lxc' }),
    winner: 'h2/lxc',
    reason: 'runs as a container on h2: the manifest asks for lxc',
  },
  {
    says: 'a driver that does not work is passed over',
    hosts: [host('h1', { drivers: [{ ...lxc, healthy: false, reason: 'cgroups are not writable' }, kvm] })],
    request: ask(),
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: the driver lxc does not work: cgroups are not writable',
  },
  {
    says: 'a driver that only shows guests is passed over',
    hosts: [host('h1', { drivers: [{ ...lxc, placeable: false }, kvm] })],
    request: ask(),
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: the driver lxc creates no guests',
  },
  {
    says: 'an image that comes as a disk only becomes a virtual machine',
    hosts: [host('h1')],
    request: ask({}, diskOnly),
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: debian/disk has no rootfs, which containers stand on',
  },
  {
    says: 'an image that comes as a tree only is no virtual machine',
    hosts: [host('h1', { drivers: [kvm] })],
    request: ask({}, rootOnly),
    reason: 'wiki fits nowhere: on h1/kvm, debian/root has no disk, which virtual machines stand on',
  },
  {
    says: 'more processors than the host has are refused whatever the ratio promises',
    hosts: [host('h1', { drivers: [lxc] })],
    request: ask({ cpus: 9 }),
    reason: 'wiki fits nowhere: fits h1/lxc if 9 processors were free (now 8)',
  },
  {
    says: 'a host without other backends says so',
    hosts: [host('h1', { drivers: [lxc] })],
    request: ask(),
    winner: 'h1/lxc',
    reason: 'runs as a container on h1: no other backend is there',
  },
  {
    says: 'a guest stays where it is',
    hosts: [host('h1')],
    request: { ...ask(), current: { host: 'h1', driver: 'kvm', backend: 'kvm' } },
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: it is there already',
  },
  {
    says: 'without hosts nothing fits',
    hosts: [],
    request: ask(),
    reason: 'wiki fits nowhere: no host with a driver is known',
  },
  {
    says: 'a host without drivers is no host',
    hosts: [host('h1', { drivers: [] })],
    request: ask(),
    reason: 'wiki fits nowhere: no host with a driver is known',
  },
];

describe('a decision', () => {
  it.each(cases)('$says', ({ hosts, request, winner, reason }) => {
    const record = decide(snapshot(hosts), request);
    expect(record.winner === undefined ? undefined : `${record.winner.host}/${record.winner.driver}`).toBe(winner);
    expect(record.reason).toBe(reason);
  });

  it('says of a host that is too small by 1 MiB two sizes that differ', () => {
    const record = decide(
      snapshot([host('h1', { memoryBytes: 1024 * MiB })]),
      ask({ memory: '1025MiB', backend: 'lxc' }),
    );
    expect(record.winner).toBeUndefined();
    const memory = record.candidates[0]?.checks.find(({ check }) => check === 'memory');
    expect(memory).toMatchObject({ ok: false, code: 'not_enough_memory' });
    expect(record.candidates[0]?.nearMiss).toContain('fits h1/lxc if ');
    expect(memory?.need).not.toBe(memory?.have);
  });

  it('explains the backend with the host that was chosen, not with another that is down', () => {
    const hosts = [host('a-down', { state: 'unreachable' }), host('h1')];
    expect(decide(snapshot(hosts), ask({ image: 'windows/11' })).reason).toBe(
      'runs as a virtual machine on h1: windows/11 is a Windows guest; containers share the Linux kernel of the host',
    );
  });

  it('counts what is claimed and what foreign guests use', () => {
    const full = host('h1', {
      claimed: { cpus: 0, memoryBytes: 8 * GiB },
      foreign: { cpus: 0, memoryBytes: 8 * GiB - 511 * MiB },
    });
    expect(decide(snapshot([full]), ask()).winner).toBeUndefined();
    const fits = { ...full, foreign: { cpus: 0, memoryBytes: 8 * GiB - 512 * MiB } };
    expect(decide(snapshot([fits]), ask()).winner).toBeDefined();
  });

  it('runs every check for every candidate', () => {
    const hosts = [host('h1', { state: 'unreachable', memoryBytes: 0, diskFreeBytes: 0, cpus: 0 }), host('h2')];
    const { candidates } = decide(snapshot(hosts), ask({ image: 'windows/11' }));
    expect(candidates).toHaveLength(4);
    expect(new Set(candidates.map(({ checks }) => checks.map(({ check }) => check).join())).size).toBe(1);
  });
});

const amount = fc.integer({ min: 0, max: 8 }).map((count) => count * 512 * MiB);
const anyHost = (name: string): fc.Arbitrary<HostSnapshot> =>
  fc.record({
    name: fc.constant(name),
    state: fc.constantFrom('up', 'up', 'up', 'suspect', 'unreachable', 'draining'),
    drivers: fc.subarray([
      lxc,
      kvm,
      { ...kvm, driver: 'kvm2' },
      { ...lxc, driver: 'lxc-off', healthy: false, reason: 'off' },
    ]),
    images: fc.subarray(['debian/12', 'debian/13', 'windows/11']),
    cpus: fc.integer({ min: 0, max: 16 }),
    memoryBytes: amount,
    diskFreeBytes: amount,
    cpuRatio: fc.constantFrom(1, 2, 4),
    memoryRatio: fc.constantFrom(1, 1.5),
    claimed: fc.record({ cpus: fc.nat(4), memoryBytes: amount }),
    foreign: fc.record({ cpus: fc.nat(4), memoryBytes: amount }),
    labels: fc.constantFrom({}, { zone: 'a' }, { zone: 'b' }),
    reportAgeMs: fc.constantFrom(0, 0, 3_600_000),
    reserved: fc.constantFrom({ cpus: 0, memoryBytes: 0 }, { cpus: 1, memoryBytes: GiB }),
    devices: fc.constant([]),
    foreignNames: fc.constantFrom({}, {}, { lxc: ['wiki'] }, { kvm: ['wiki'] }),
  });

const anyHosts = fc.subarray(['h1', 'h2', 'h3', 'h4', 'h5']).chain((names) => fc.tuple(...names.map(anyHost)));

const anyRequest: fc.Arbitrary<PlacementRequest> = fc
  .record(
    {
      image: fc.constantFrom('debian/12', 'debian/13', 'windows/11'),
      backend: fc.constantFrom('auto', 'lxc', 'kvm'),
      cpus: fc.integer({ min: 1, max: 8 }),
      memory: fc.constantFrom('16MiB', '512MiB', '1GiB', '3GiB'),
      disk: fc.constantFrom('64MiB', '10GiB', '40GiB'),
      isolation: fc.constantFrom('shared', 'strong'),
      placement: fc.constantFrom({}, { host: 'h1' }, { host: 'h2' }),
    },
    { requiredKeys: ['image'] },
  )
  .map((spec) => ({ name: 'wiki', spec: completeSpec(spec as WorkloadSpec) }));

describe('whatever the hosts and the request', () => {
  test.prop([
    anyHosts.chain((hosts) =>
      fc.tuple(fc.constant(hosts), fc.shuffledSubarray([...hosts], { minLength: hosts.length })),
    ),
    anyRequest,
  ])('the order of hosts does not matter', ([hosts, shuffled], request) => {
    expect(decide(snapshot(shuffled), request)).toEqual(decide(snapshot(hosts), request));
  });

  test.prop([anyHosts, anyRequest])('the order of drivers does not matter', (hosts, request) => {
    const reversed = hosts.map((one) => ({ ...one, drivers: [...one.drivers].reverse() }));
    expect(decide(snapshot(reversed), request)).toEqual(decide(snapshot(hosts), request));
  });

  test.prop([anyHosts, anyHost('h9'), anyRequest])(
    'another host never makes a workload fit nowhere',
    (hosts, more, request) => {
      const before = decide(snapshot(hosts), request).winner;
      const after = decide(snapshot([...hosts, more]), request).winner;
      if (before !== undefined) expect(after).toBeDefined();
    },
  );

  test.prop([anyHosts, anyRequest])('who lost failed a check or scored no better', (hosts, request) => {
    const { winner, candidates } = decide(snapshot(hosts), request);
    const keyOf = (one: { host: string; driver: string }): string => `${one.host}/${one.driver}`;
    const best = candidates.find(({ candidate }) => winner !== undefined && keyOf(candidate) === keyOf(winner));
    expect(best?.fits ?? winner === undefined).toBe(true);
    for (const other of candidates) {
      if (other === best || !other.fits) {
        expect(other.checks.every(({ ok }) => ok)).toBe(other.fits);
        continue;
      }
      expect(best).toBeDefined();
      if (best === undefined) continue;
      expect(other.total).toBeLessThanOrEqual(best.total);
      if (other.total === best.total) expect(keyOf(other.candidate) > keyOf(best.candidate)).toBe(true);
    }
  });

  test.prop([anyHosts, anyRequest])(
    'the same question has the same answer, and asking changes nothing',
    (hosts, request) => {
      const copy = structuredClone({ hosts, request });
      const first = decide(snapshot(hosts), request);
      expect(decide(snapshot(copy.hosts), copy.request)).toEqual(first);
      expect({ hosts, request }).toEqual(copy);
    },
  );

  test.prop([anyHosts, anyRequest])('what fails a check says why, and what fits has no near miss', (hosts, request) => {
    const { candidates, reason } = decide(snapshot(hosts), request);
    expect(reason).not.toMatch(/undefined|NaN/);
    for (const { checks, fits, nearMiss } of candidates) {
      for (const { ok, code, text } of checks)
        expect({ ok: code === 'ok', said: text !== '' }).toEqual({ ok, said: true });
      if (fits) expect(nearMiss).toBeUndefined();
    }
  });
});
