import { fc, test } from '@fast-check/vitest';
import { type Candidate, completeSpec, type PlacementRecord, type WorkloadSpec } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import { keyOf } from './reason.ts';
import { replay } from './replay.ts';
import { compileCondition } from './rules/engine.ts';
import { driverFacts, hostFacts, workloadFacts } from './rules/facts.ts';
import { shippedRules } from './rules/shipped.ts';
import type { DeviceSnapshot, HostSnapshot, PlacedWorkload, PlacementRequest, Snapshot } from './snapshot.ts';
import { device, forbidding, GiB, kvm, lxc, placed, preferring, requiring } from './testing.ts';
import { withoutPlaced, withPlaced } from './what-if.ts';

const sizes = (...gibibytes: number[]) => fc.constantFrom(...gibibytes.map((one) => one * GiB));

/** Mostly the first. */
const mostly = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6 * others.length, arbitrary: fc.constant(usual) }, ...others.map((one) => fc.constant(one)));

const anyDevice = (key: string): fc.Arbitrary<DeviceSnapshot> =>
  fc
    .record({
      class: fc.constantFrom('gpu', 'gpu', 'pci', 'usb', 'render'),
      vendor: fc.constantFrom('nvidia', 'amd'),
      group: fc.constantFrom(undefined, '1', '2'),
      use: fc.constantFrom('free', 'free', 'free', 'other', 'in-use', 'host', 'missing', 'needs-reset'),
    })
    .map(({ use, group, class: kind, vendor }) => {
      const slots = kind === 'render' ? 3 : 1;
      const base = { key, title: `device ${key}`, class: kind, vendor, slots, group: slots > 1 ? undefined : group };
      return use === 'other' ? device({ ...base, holders: ['other'] }) : device({ ...base, state: use });
    });

const anyHost = (name: string): fc.Arbitrary<HostSnapshot> =>
  fc.record({
    name: fc.constant(name),
    state: mostly<HostSnapshot['state']>('up', 'suspect', 'unreachable', 'draining'),
    drivers: mostly(
      [lxc, kvm],
      [],
      [lxc],
      [{ ...kvm, driver: 'kvm2' }, kvm],
      [kvm, { ...lxc, healthy: false, reason: 'off' }, { ...lxc, driver: 'lxc2' }],
    ),
    images: fc.subarray(['debian/12', 'debian/13', 'windows/11']),
    cpus: fc.constantFrom(0, 2, 4, 8, 16),
    memoryBytes: sizes(0, 2, 4, 8, 12),
    diskFreeBytes: sizes(0.5, 2, 20, 100),
    cpuRatio: fc.constantFrom(1, 2, 4),
    memoryRatio: fc.constantFrom(1, 1.5),
    claimed: fc.record({ cpus: fc.nat(4), memoryBytes: sizes(0, 0, 1.5, 3) }),
    foreign: fc.record({ cpus: fc.nat(4), memoryBytes: sizes(0, 0, 0.5, 1) }),
    labels: fc.constantFrom({}, { zone: 'a' }, { zone: 'b' }),
    reportAgeMs: mostly(0, 3_600_000),
    reserved: fc.constantFrom({ cpus: 0, memoryBytes: 0 }, { cpus: 1, memoryBytes: GiB }),
    devices: fc.subarray(['d1', 'd2', 'd3', 'd4']).chain((keys) => fc.tuple(...keys.map(anyDevice))),
    foreignNames: mostly<HostSnapshot['foreignNames']>({}, { lxc: ['wiki'] }, { kvm: ['wiki'] }),
  });

const anyRules = fc.subarray([
  ...shippedRules,
  forbidding('no-b', 'has(h.labels.zone) && h.labels.zone == "b"'),
  forbidding('labels', 'h.labels.zone == "a"', { driver: 'kvm2' }),
  requiring('busy-as-vm', 'w.cpus > 4', { backend: 'kvm' }),
  requiring('small-on-h1', 'w.memory < 536870912', { host: 'h1' }),
  preferring('quiet', 'h.workloads < 2', 25),
  preferring('not-kvm2', 'd.name == "kvm2"', -40),
]);

const anyWorkloads = (hosts: readonly HostSnapshot[]): fc.Arbitrary<PlacedWorkload[]> =>
  hosts.length === 0
    ? fc.constant([])
    : fc
        .subarray(['db', 'web', 'cache', 'mail'])
        .chain((names) =>
          fc.tuple(
            ...names.map((name) =>
              fc
                .tuple(fc.constantFrom(...hosts), fc.constantFrom({}, { app: 'x' }), fc.boolean())
                .map(([{ name: host }, labels, running]) => placed(name, host, { labels, running })),
            ),
          ),
        );

const anySnapshot: fc.Arbitrary<Snapshot> = fc
  .subarray(['h1', 'h2', 'h3', 'h4', 'h5'], { minLength: 1 })
  .chain((names) => fc.tuple(...names.map(anyHost)))
  .chain((hosts) => fc.record({ hosts: fc.constant(hosts), workloads: anyWorkloads(hosts), rules: anyRules }));

const wishes: readonly NonNullable<WorkloadSpec['placement']>[] = [
  { host: 'h1' },
  { hostLabels: { zone: 'a' } },
  { strategy: 'pack', near: [{ workload: 'db' }] },
  { near: [{ labels: { app: 'x' }, hard: true }] },
  { spreadBy: 'app', away: [{ labels: { app: 'x' }, by: 'zone', hard: true }] },
];

const requestFor = (name: string): fc.Arbitrary<PlacementRequest> =>
  fc
    .record({
      image: mostly('debian/12', 'debian/13', 'windows/11'),
      backend: mostly<WorkloadSpec['backend']>('auto', 'lxc', 'kvm'),
      cpus: mostly(1, 2, 5, 8),
      memory: fc.constantFrom('16MiB', '512MiB', '1GiB', '3GiB'),
      disk: fc.constantFrom('64MiB', '10GiB', '40GiB'),
      isolation: mostly<WorkloadSpec['isolation']>('shared', 'strong'),
      labels: fc.constantFrom<Record<string, string>>({}, { app: 'x' }),
      dependsOn: mostly<string[]>([], ['db']),
      placement: mostly<NonNullable<WorkloadSpec['placement']>>({}, ...wishes),
      devices: mostly<NonNullable<WorkloadSpec['devices']>>(
        [],
        [{ gpu: {} }],
        [{ gpu: {} }, { gpu: { vendor: 'nvidia' } }],
        [{ gpu: { shared: true } }],
      ),
    })
    .map((spec) => ({ name, spec: completeSpec(spec) }));

const anyRequest = requestFor('wiki');

const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });

/** The same world, told in another order. */
const reordered = (one: Snapshot): fc.Arbitrary<Snapshot> =>
  fc.record({
    hosts: shuffled(one.hosts).chain((hosts) =>
      fc.tuple(
        ...hosts.map((host) =>
          fc
            .tuple(shuffled(host.drivers), shuffled(host.devices))
            .map(([drivers, devices]) => ({ ...host, drivers, devices })),
        ),
      ),
    ),
    workloads: shuffled(one.workloads),
    rules: shuffled(one.rules),
  });

describe('the worlds that are tried', () => {
  it('have a place for a good part of the requests, and not for all', () => {
    const tried = fc.sample(fc.tuple(anySnapshot, anyRequest), { numRuns: 300, seed: 1 });
    const placed = tried.filter(([one, request]) => decide(one, request).winner !== undefined).length;
    expect(placed).toBeGreaterThan(60);
    expect(placed).toBeLessThan(240);
  });
});

const failuresOf = ({ checks }: PlacementRecord['candidates'][number]) => checks.filter(({ ok }) => !ok);

describe('whatever the hosts, the rules, the neighbours and the request', () => {
  test.prop([anySnapshot.chain((one) => fc.tuple(fc.constant(one), reordered(one))), anyRequest])(
    'the order of hosts, drivers, devices, workloads and rules does not matter',
    ([one, other], request) => {
      const [a, b] = [decide(one, request), decide(other, request)];
      expect(b.winner).toEqual(a.winner);
      expect(b.candidates.map(({ candidate, total, fits }) => ({ candidate, total, fits }))).toEqual(
        a.candidates.map(({ candidate, total, fits }) => ({ candidate, total, fits })),
      );
    },
  );

  test.prop([anySnapshot, anyHost('h9'), anyRequest])(
    'another host never makes a workload fit nowhere',
    (one, more, request) => {
      const before = decide(one, request).winner;
      const after = decide({ ...one, hosts: [...one.hosts, more] }, request).winner;
      expect(before === undefined || after !== undefined).toBe(true);
    },
  );

  test.prop([anySnapshot, anyRequest])('who lost failed a check or scored no better', (one, request) => {
    const { winner, candidates } = decide(one, request);
    const best = candidates.find(({ candidate }) => winner !== undefined && keyOf(candidate) === keyOf(winner));
    expect(best !== undefined).toBe(candidates.some(({ fits }) => fits));
    for (const other of candidates) {
      expect(failuresOf(other).length === 0).toBe(other.fits);
      expect(other.total).toBe(other.scores.reduce((sum, { points }) => sum + points, 0));
      if (best === undefined || other === best || !other.fits) continue;
      expect(other.total < best.total || keyOf(other.candidate) > keyOf(best.candidate)).toBe(true);
      expect(other.total).toBeLessThanOrEqual(best.total);
    }
  });

  test.prop([anySnapshot, anyRequest])('where a rule that forbids holds, nothing goes', (one, request) => {
    const { winner } = decide(one, request);
    if (winner === undefined) return;
    const host = one.hosts.find(({ name }) => name === winner.host);
    const driver = host?.drivers.find((each) => each.driver === winner.driver);
    if (host === undefined || driver === undefined) throw new Error('the winner is a candidate');
    const count = one.workloads.filter((each) => each.host === host.name).length;
    const facts = { w: workloadFacts(request), h: hostFacts(host, count), d: driverFacts(driver) };
    for (const rule of one.rules.filter(({ then }) => then === 'forbid')) {
      const named =
        (rule.backend ?? driver.backend) === driver.backend && (rule.driver ?? driver.driver) === driver.driver;
      if (named) expect(compileCondition(rule.when).holds(facts)).toBe(false);
    }
  });

  test.prop([anySnapshot, anyRequest])(
    'it waits only when some candidate fails nothing but what passes by itself, and the reason says the same',
    (one, request) => {
      const { winner, waitsFor, candidates, reason } = decide(one, request);
      const hopeful = candidates.some((each) => failuresOf(each).every(({ temporary }) => temporary === true));
      expect(waitsFor !== undefined).toBe(winner === undefined && hopeful);
      if (waitsFor !== undefined && !reason.includes('contradict'))
        expect(reason).toBe(`wiki fits nowhere: it would ${waitsFor.replace(/^fits/, 'fit')}`);
    },
  );

  test.prop([anySnapshot, anyRequest])('a record decided again from stored JSON is the same', (one, request) => {
    const input = { snapshot: one, request };
    const stored = JSON.parse(JSON.stringify(input)) as typeof input;
    expect(JSON.parse(JSON.stringify(replay(stored)))).toEqual(JSON.parse(JSON.stringify(decide(one, request))));
  });

  test.prop([anySnapshot, anyRequest])('asking changes nothing', (one, request) => {
    const copy = structuredClone({ one, request });
    decide(one, request);
    expect({ one, request }).toEqual(copy);
  });

  test.prop([anySnapshot, anyRequest])('every text is a text, and what fits has no near miss', (one, request) => {
    const { candidates, reason, waitsFor = '' } = decide(one, request);
    const texts = candidates.flatMap(({ checks, scores, nearMiss = 'fits' }) => [
      ...checks.flatMap(({ text, need, have }) => [text, need, have]),
      ...scores.map(({ text }) => text),
      nearMiss,
    ]);
    for (const text of [reason, waitsFor, ...texts]) expect(text).not.toMatch(/undefined|NaN|Infinity|\[object/);
    for (const { checks, fits, nearMiss } of candidates) {
      for (const { ok, code, text } of checks) expect([code === 'ok', text !== '']).toEqual([ok, true]);
      if (fits) expect(nearMiss).toBeUndefined();
    }
  });
});

/** Places one after the other; those that fit nowhere are passed over. */
const placeAll = (start: Snapshot, requests: readonly PlacementRequest[]) => {
  const settled: { readonly request: PlacementRequest; readonly at: Candidate; readonly before: Snapshot }[] = [];
  let now = start;
  for (const request of requests) {
    const { winner } = decide(now, request);
    if (winner === undefined) continue;
    settled.push({ request, at: winner, before: now });
    now = withPlaced(now, request, winner);
  }
  return { settled, now };
};

const manyRequests = fc.tuple(...['w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8'].map(requestFor));

describe('placing one after the other', () => {
  test.prop([anySnapshot, manyRequests])('never promises more than there is', (start, requests) => {
    const { settled, now } = placeAll(start, requests);
    for (const { cpus, memoryBytes, ...host } of now.hosts) {
      if (!settled.some(({ at }) => at.host === host.name)) continue;
      const { claimed, foreign, reserved } = host;
      expect(claimed.cpus + foreign.cpus).toBeLessThanOrEqual(cpus * host.cpuRatio - reserved.cpus);
      expect(claimed.memoryBytes + foreign.memoryBytes).toBeLessThanOrEqual(
        memoryBytes * host.memoryRatio - reserved.memoryBytes,
      );
    }
  });

  test.prop([anySnapshot, manyRequests])('gives each device and each IOMMU group once', (start, requests) => {
    const { settled, now } = placeAll(start, requests);
    for (const { devices } of now.hosts) {
      for (const { holders, slots, group, state } of devices) {
        expect(holders.length).toBeLessThanOrEqual(slots);
        expect(new Set(holders).size).toBe(holders.length);
        const mates = devices.filter((mate) => group !== undefined && mate.group === group);
        if (holders.some((holder) => holder !== 'other'))
          expect([state, ...mates.map((mate) => mate.holders)]).toEqual(['claimed', ...mates.map(() => holders)]);
      }
    }
    for (const { request, at } of settled) {
      const held = now.hosts.flatMap(({ name, devices }) => (name === at.host ? devices : []));
      const own = held.filter(({ holders }) => holders.includes(request.name));
      expect(own.length).toBeGreaterThanOrEqual(request.spec.devices.length);
    }
  });

  test.prop([anySnapshot, manyRequests])('and taking it away again leaves what there was before', (start, requests) => {
    const { settled, now } = placeAll(start, requests);
    let left = now;
    for (const { request, at, before } of settled.toReversed()) {
      left = withoutPlaced(left, request, at);
      expect(left).toEqual(before);
    }
    expect(left).toEqual(start);
  });
});
