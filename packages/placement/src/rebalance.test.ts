import type { WorkloadSpec } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { proposeMoves, unevenness } from './rebalance.ts';
import type { HostSnapshot, Snapshot } from './snapshot.ts';
import { ask, device, forbidding, GiB, host, snapshot } from './testing.ts';
import { withPlaced } from './what-if.ts';

const at = (name: string, where: string, spec: Partial<WorkloadSpec> = {}) => ({
  ...ask({ memory: '4GiB', ...spec }),
  name,
  current: { host: where, driver: 'lxc', backend: 'lxc' } as const,
});

type Guest = ReturnType<typeof at>;

const filled = (hosts: readonly HostSnapshot[], guests: readonly Guest[], parts: Partial<Snapshot> = {}): Snapshot =>
  guests.reduce((now, guest) => withPlaced(now, guest, guest.current), snapshot(hosts, parts));

const moves = (hosts: readonly HostSnapshot[], guests: readonly Guest[], parts: Partial<Snapshot> = {}) =>
  proposeMoves(filled(hosts, guests, parts), guests).map(
    ({ workload, from, to }) => `${workload}: ${from.host} → ${to.host}`,
  );

describe('unevenness', () => {
  it('is nothing for hosts that are equally full', () => {
    const half = { claimed: { cpus: 0, memoryBytes: 8 * GiB } };
    expect(unevenness(snapshot([host('h1', half), host('h2', half)]))).toBe(0);
  });

  it('is a half for one that is full and one that is empty', () => {
    const full = host('h1', { claimed: { cpus: 0, memoryBytes: 16 * GiB } });
    expect(unevenness(snapshot([full, host('h2')]))).toBe(0.5);
  });

  it('leaves out hosts that are not up, and is nothing without hosts', () => {
    expect(unevenness(snapshot([host('h1', { state: 'draining' }), host('h2')]))).toBe(0);
    expect(unevenness(snapshot([]))).toBe(0);
  });
});

describe('a proposal of moves', () => {
  it('evens out a full host and an empty one', () => {
    const guests = [at('a', 'h1'), at('b', 'h1'), at('c', 'h1'), at('d', 'h1')];
    const proposals = proposeMoves(filled([host('h1'), host('h2')], guests), guests);
    expect(proposals.map(({ text }) => text)).toEqual([
      'move a from h1 to h2: memory promised on h1 100 % → 75 %, on h2 0 % → 25 %',
      'move b from h1 to h2: memory promised on h1 75 % → 50 %, on h2 25 % → 50 %',
    ]);
    expect(proposals.map(({ before, after }) => [before, after])).toEqual([
      [0.5, 0.25],
      [0.25, 0],
    ]);
    expect(proposals[0]?.record.winner).toMatchObject({ host: 'h2', driver: 'lxc' });
  });

  it('is empty for hosts that are even', () => {
    expect(moves([host('h1'), host('h2')], [at('a', 'h1'), at('b', 'h2')])).toEqual([]);
  });

  it('is empty when the gain would be less than two hundredths', () => {
    const big = { memoryBytes: 256 * GiB };
    expect(moves([host('h1', big), host('h2', big)], [at('a', 'h1'), at('b', 'h1')])).toEqual([]);
    const smaller = { memoryBytes: 128 * GiB };
    expect(moves([host('h1', smaller), host('h2', smaller)], [at('a', 'h1'), at('b', 'h1')])).toEqual(['a: h1 → h2']);
  });

  it('takes the largest that helps, and moves nothing twice', () => {
    const guests = [at('small', 'h1', { memory: '1GiB' }), at('large', 'h1', { memory: '6GiB' })];
    expect(moves([host('h1'), host('h2')], guests)).toEqual(['large: h1 → h2']);
  });

  it('leaves alone what is tied to its host', () => {
    const stick = device({ key: 'usb:1', class: 'usb', title: 'stick', serial: 'A1', holders: ['dongle'] });
    const guests = [
      at('pinned', 'h1', { placement: { host: 'h1' } }),
      at('dongle', 'h1', { devices: [{ usb: { serial: 'A1' } }] }),
      at('free', 'h1'),
    ];
    expect(moves([host('h1', { devices: [stick] }), host('h2')], guests)).toEqual(['free: h1 → h2']);
  });

  it('keeps to what the manifest and the rules say', () => {
    const hosts = [host('h1', { labels: { disk: 'ssd' } }), host('h2')];
    const onSsd = { placement: { hostLabels: { disk: 'ssd' } } };
    expect(moves(hosts, [at('a', 'h1', onSsd), at('b', 'h1', onSsd)])).toEqual([]);
    const rules = [forbidding('not-there', 'h.name == "h2"')];
    expect(moves(hosts, [at('a', 'h1'), at('b', 'h1')], { rules })).toEqual([]);
  });

  it('goes to no host that is being emptied', () => {
    const hosts = [host('h1'), host('h2', { state: 'draining' }), host('h3', { memoryBytes: 64 * GiB })];
    expect(moves(hosts, [at('a', 'h1'), at('b', 'h1')])[0]).toBe('a: h1 → h3');
  });

  it('counts what the workload itself takes as free when it asks for another place', () => {
    const guests = [at('a', 'h1', { memory: '10GiB' })];
    expect(moves([host('h1', { memoryBytes: 12 * GiB }), host('h2', { memoryBytes: 10 * GiB })], guests)).toEqual([]);
  });
});
