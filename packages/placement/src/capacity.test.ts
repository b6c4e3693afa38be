import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { capacityFor } from './capacity.ts';
import { decide } from './decide.ts';
import type { PlacementRequest, Snapshot } from './snapshot.ts';
import { ask, device, forbidding, GiB, host, lxc, placed, snapshot } from './testing.ts';
import { withPlaced } from './what-if.ts';

const gpu = (key: string) => device({ key, class: 'gpu', title: `GPU ${key}` });
const apart = { labels: { app: 'db' }, placement: { away: [{ labels: { app: 'db' }, by: 'zone', hard: true }] } };

describe('how many more fit on one host', () => {
  it('is what is left of its memory, divided', () => {
    const one = host('h1', { memoryBytes: 16 * GiB, claimed: { cpus: 0, memoryBytes: 5 * GiB }, drivers: [lxc] });
    expect(capacityFor(snapshot([one]), ask({ memory: '2GiB' }))).toEqual({
      count: 5,
      more: false,
      hosts: [{ host: 'h1', count: 5, stop: 'it would fit h1/lxc if 2GiB of memory were free (now 1GiB)' }],
      stop: 'it would fit h1/lxc if 2GiB of memory were free (now 1GiB)',
    });
  });

  it('is what is left of its processors, if those are short', () => {
    const one = host('h1', { cpus: 4, cpuRatio: 2, reserved: { cpus: 1, memoryBytes: 0 }, drivers: [lxc] });
    expect(capacityFor(snapshot([one]), ask({ cpus: 2 }))).toMatchObject({
      count: 3,
      stop: 'it would fit h1/lxc if 2 processors were free (now 1)',
    });
  });

  it('is how many GPUs are free, if each needs one', () => {
    const one = host('h1', { devices: [gpu('1'), gpu('2'), { ...gpu('3'), state: 'host' }] });
    expect(capacityFor(snapshot([one]), ask({ devices: [{ gpu: {} }] }))).toMatchObject({
      count: 2,
      stop: 'it would fit h1/kvm if a GPU were free (GPU 1 is held by wiki+h1+1; GPU 2 is held by wiki+h1+2; GPU 3 is needed by the host itself)',
    });
  });

  it('is none where a rule forbids it, and says which', () => {
    const closed = forbidding('closed', 'true', { message: 'closed for the holidays' });
    expect(capacityFor(snapshot([host('h1')], { rules: [closed] }), ask())).toMatchObject({
      count: 0,
      stop: 'on h1/kvm, closed for the holidays',
    });
  });

  it('is counted up to a thousand', () => {
    const huge = host('h1', { cpus: 512, cpuRatio: 8, memoryBytes: 4096 * GiB, drivers: [lxc] });
    expect(capacityFor(snapshot([huge]), ask())).toMatchObject({
      count: 1000,
      more: true,
      stop: 'counting stops at 1000',
    });
  });
});

describe('how many more fit on several hosts', () => {
  it('is their sum, the roomiest host first, and what stops it there', () => {
    const hosts = [
      host('h1', { memoryBytes: GiB }),
      host('h2', { memoryBytes: 3 * GiB }),
      host('h3', { state: 'draining' }),
    ];
    const { count, hosts: views, stop } = capacityFor(snapshot(hosts), ask({ memory: '1GiB', backend: 'lxc' }));
    expect(count).toBe(4);
    expect(views.map((view) => [view.host, view.count])).toEqual([
      ['h2', 3],
      ['h1', 1],
      ['h3', 0],
    ]);
    expect(stop).toBe('it would fit h2/lxc if 1GiB of memory were free (now 0B)');
    expect(views[2]?.stop).toBe('it would fit h3/lxc if h3 were not being emptied');
  });

  it('is nothing without hosts', () => {
    expect(capacityFor(snapshot([]), ask())).toEqual({
      count: 0,
      more: false,
      hosts: [],
      stop: 'no host with a driver is known',
    });
  });

  it('counts the zones when each has to be in a zone of its own', () => {
    const hosts = ['a', 'a', 'b', 'c'].map((zone, at) => host(`h${at + 1}`, { labels: { zone } }));
    const workloads = [placed('db-1', 'h3', { labels: { app: 'db' } })];
    const { count, hosts: views } = capacityFor(snapshot(hosts, { workloads }), ask(apart));
    expect(count).toBe(2);
    expect(views.find((view) => view.host === 'h3')).toEqual({
      host: 'h3',
      count: 0,
      stop: 'it would fit h3/lxc if db-1 were elsewhere (it has to be away from workloads with app=db)',
    });
  });

  it('sees a neighbour on another host of the same zone', () => {
    const hosts = [
      host('h1', { labels: { zone: 'a' }, state: 'draining' }),
      host('h2', { labels: { zone: 'a' }, memoryBytes: GiB }),
    ];
    const near = ask({ memory: '1GiB', placement: { near: [{ workload: 'db', by: 'zone', hard: true }] } });
    expect(capacityFor(snapshot(hosts, { workloads: [placed('db', 'h1')] }), near).count).toBe(1);
  });

  it('takes a copy for nobody who is there already', () => {
    const workloads = [placed('wiki-1', 'h1', { labels: { app: 'db' } })];
    const alone = ask({ labels: { app: 'db' }, placement: { away: [{ labels: { app: 'db' }, hard: true }] } });
    expect(capacityFor(snapshot([host('h1')], { workloads }), alone).count).toBe(0);
  });
});

const placeMany = (start: Snapshot, request: PlacementRequest): number => {
  let now = start;
  for (let count = 0; ; count += 1) {
    const copy = { ...request, name: `copy-${count}` };
    const { winner } = decide(now, copy);
    if (winner === undefined) return count;
    now = withPlaced(now, copy, winner);
  }
};

describe('the number', () => {
  const sizes = fc.array(
    fc.record({ memoryBytes: fc.integer({ min: 0, max: 6 }).map((n) => n * GiB), cpus: fc.nat(6) }),
    {
      maxLength: 4,
    },
  );

  test.prop([sizes, fc.constantFrom('700MiB', '1GiB', '2GiB'), fc.integer({ min: 1, max: 3 })])(
    'is exactly how many can be placed one after the other',
    (parts, memory, cpus) => {
      const hosts = parts.map((part, at) => host(`h${at + 1}`, { ...part, cpuRatio: 1 }));
      const request = ask({ memory, cpus });
      expect(capacityFor(snapshot(hosts), request).count).toBe(placeMany(snapshot(hosts), request));
    },
  );
});
