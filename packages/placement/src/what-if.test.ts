import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import { keyOf } from './reason.ts';
import { recordDifferences, replay } from './replay.ts';
import { ask, device, forbidding, GiB, host, kvm, lxc, placed, snapshot } from './testing.ts';
import { imagine, withoutPlaced, withPlaced } from './what-if.ts';

const at = { host: 'h1', driver: 'kvm', backend: 'kvm' } as const;
const gpu = device({ key: 'a-gpu', class: 'gpu', title: 'GPU', vendor: 'nvidia', group: '1' });
const sound = device({ key: 'b-sound', class: 'pci', title: 'sound', group: '1' });
const other = device({ key: 'c-gpu', class: 'gpu', title: 'other GPU', vendor: 'amd' });

const holders = (one: ReturnType<typeof snapshot>): Record<string, readonly string[]> =>
  Object.fromEntries(one.hosts.flatMap(({ devices }) => devices.map((each) => [each.key, each.holders])));

describe('a workload that is thought to be placed', () => {
  it('takes processors and memory, and counts as running', () => {
    const after = withPlaced(snapshot([host('h1'), host('h2')]), ask({ cpus: 2, memory: '3GiB' }), at);
    expect(after.hosts[0]?.claimed).toEqual({ cpus: 2, memoryBytes: 3 * GiB });
    expect(after.hosts[1]).toEqual(host('h2'));
    expect(after.workloads).toEqual([placed('wiki', 'h1', { driver: 'kvm' })]);
  });

  it('takes a device with all of its IOMMU group', () => {
    const after = withPlaced(
      snapshot([host('h1', { devices: [gpu, sound, other] })]),
      ask({ devices: [{ gpu: {} }] }),
      at,
    );
    expect(holders(after)).toEqual({ 'a-gpu': ['wiki'], 'b-sound': ['wiki'], 'c-gpu': [] });
  });

  it('takes two devices of one group once', () => {
    const devices = [{ gpu: {} }, { pci: { id: '10de:22ba' } }];
    const before = snapshot([host('h1', { devices: [gpu, { ...sound, id: '10de:22ba' }, other] })]);
    expect(holders(withPlaced(before, ask({ devices }), at))['b-sound']).toEqual(['wiki']);
  });

  it('takes none that is not free', () => {
    const before = snapshot([host('h1', { devices: [{ ...gpu, state: 'in-use' }, sound, other] })]);
    expect(holders(withPlaced(before, ask({ devices: [{ gpu: {} }] }), at))).toEqual({
      'a-gpu': [],
      'b-sound': [],
      'c-gpu': ['wiki'],
    });
  });

  it('takes for each request what suits it', () => {
    const devices = [{ gpu: {} }, { gpu: { vendor: 'nvidia' } }];
    const after = withPlaced(snapshot([host('h1', { devices: [gpu, other] })]), ask({ devices }), at);
    expect(holders(after)).toEqual({ 'a-gpu': ['wiki'], 'c-gpu': ['wiki'] });
  });

  it('gives everything back when it is thought away again', () => {
    const before = snapshot([host('h1', { devices: [gpu, sound, other] })], { workloads: [placed('db', 'h1')] });
    const request = ask({ devices: [{ gpu: {} }] });
    expect(withoutPlaced(withPlaced(before, request, at), request, at)).toEqual(before);
  });
});

describe('a world without a host', () => {
  it('is one without what is on it', () => {
    const before = snapshot([host('h1'), host('h2')], { workloads: [placed('db', 'h1'), placed('web', 'h2')] });
    const after = imagine(before, { withoutHosts: ['h1'] });
    expect(after.hosts.map(({ name }) => name)).toEqual(['h2']);
    expect(after.workloads.map(({ name }) => name)).toEqual(['web']);
  });
});

describe('a world with another host', () => {
  const described = { name: 'h9', cpus: 16, memory: '64GiB', disk: '1TiB' };

  it('has one that is up, empty and can do what such hosts can do elsewhere', () => {
    const after = imagine(snapshot([host('h1', { memoryBytes: GiB })]), { withHosts: [described] });
    const record = decide(after, ask({ memory: '8GiB', devices: [] }));
    expect(record.winner && keyOf(record.winner)).toBe('h9/lxc');
    expect(after.hosts[1]?.drivers.map(({ capabilities }) => capabilities)).toEqual([
      lxc.capabilities,
      kvm.capabilities,
    ]);
  });

  it('takes what every host of that kind can do where there is none to look at', () => {
    const after = imagine(snapshot([]), { withHosts: [described] });
    expect(keyOf(decide(after, ask({ image: 'windows/11' })).winner ?? { host: '', driver: '', backend: 'lxc' })).toBe(
      'h9/kvm',
    );
  });

  it('has the devices that were described, free unless they say otherwise', () => {
    const devices = [{ key: 'gpu', class: 'gpu', title: 'GPU' } as const];
    const after = imagine(snapshot([host('h1')]), { withHosts: [{ ...described, devices }] });
    const record = decide(after, ask({ devices: [{ gpu: {} }] }));
    expect(record.winner && keyOf(record.winner)).toBe('h9/kvm');
  });

  it('leaves on a host that gets another size what is on it', () => {
    const full = host('h9', { memoryBytes: 8 * GiB, claimed: { cpus: 0, memoryBytes: 6 * GiB } });
    const before = snapshot([full], { workloads: [placed('db', 'h9')] });
    const after = imagine(before, { withHosts: [{ ...described, memory: '12GiB', memoryRatio: 1 }] });
    expect(after.hosts).toHaveLength(1);
    expect(after.workloads).toEqual(before.workloads);
    expect(decide(after, ask({ memory: '6GiB' })).winner).toBeDefined();
    expect(decide(after, ask({ memory: '7GiB' })).winner).toBeUndefined();
  });
});

describe('a decision made again', () => {
  const request = ask();
  const before = snapshot([host('h1')]);

  it('differs in nothing', () => {
    expect(recordDifferences(decide(before, request), replay({ snapshot: before, request }))).toEqual([]);
  });

  it('with other rules differs in what they change', () => {
    const rules = [...before.rules, forbidding('no-containers', 'true', { backend: 'lxc' })];
    expect(recordDifferences(decide(before, request), replay({ snapshot: before, request }, rules))).toEqual([
      'place: h1/lxc → h1/kvm',
      'reason: runs as a container on h1: a Linux service is lighter as a container: it starts at once and shares memory with the host → runs as a virtual machine on h1: the rule no-containers says so',
      'h1/lxc: fitted → does not fit',
    ]);
  });
});
