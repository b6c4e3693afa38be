import { fc, test } from '@fast-check/vitest';
import { completeSpec, type WorkloadSpec } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import type { HostSnapshot, PlacementRequest } from './snapshot.ts';
import { ask, GiB, host, kvm, lxc, MiB, snapshot } from './testing.ts';

describe('a decision', () => {
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
