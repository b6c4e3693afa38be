import type { PoolReport } from '@innkeeper/model';
import { expect, test } from 'vitest';
import { decide } from '../decide.ts';
import { ask, GiB, host, kvm, lxc, snapshot } from '../testing.ts';

const can = { value: true, evidence: 'directories' };
const bounded = { value: true, evidence: 'quotas of btrfs, tried' };
const unbounded = { value: false, evidence: 'a directory on ext4 has no quota' };
const base: PoolReport = { name: 'default', path: '/state', kind: 'dir', limits: unbounded, freeBytes: 200 * GiB };
const fast: PoolReport = { name: 'fast', path: '/mnt/fast', kind: 'btrfs', limits: bounded, freeBytes: 50 * GiB };

const on = (...pools: readonly PoolReport[]) => ({
  drivers: [
    { ...lxc, capabilities: { ...lxc.capabilities, pools: can }, pools: [base, ...pools] },
    {
      ...kvm,
      capabilities: { ...kvm.capabilities, pools: can, 'limits.disk': { value: true, evidence: 'its size' } },
      pools: [base, ...pools],
    },
  ],
});
const refusals = ({ candidates }: ReturnType<typeof decide>, at = 0): string =>
  (candidates[at]?.checks ?? [])
    .filter(({ ok }) => !ok)
    .map(({ text }) => text)
    .join('; ');

test('a workload goes where its pool is', () => {
  const hosts = [host('h1', on()), host('h2', on(fast))];
  const { winner, candidates } = decide(snapshot(hosts), ask({ pool: 'fast' }));
  expect(winner?.host).toBe('h2');
  expect(candidates[0]?.checks.find(({ check }) => check === 'pool')?.text).toBe(
    'the pool fast of h2 is /mnt/fast (btrfs)',
  );
});

test.each([
  ['no such pool', on(), /^h1 has no pool fast$/, undefined],
  [
    'a pool that is away',
    on({ name: 'fast', path: '/mnt/fast', away: 'its file system is not mounted at /mnt/fast' }),
    /^the pool fast of h1 is away: its file system is not mounted at \/mnt\/fast$/,
    'waits',
  ],
  [
    'a pool without room',
    on({ ...fast, freeBytes: 10 }),
    /it needs .* of disk space in the pool fast; h1 has .* free/,
    'waits',
  ],
  ['a driver without pools', { drivers: [lxc] }, /pool: fast is a place of its own; the driver lxc/, undefined],
])('%s is said', (_, parts, message, waits) => {
  const record = decide(snapshot([host('h1', parts)]), ask({ pool: 'fast' }));
  expect(record.winner).toBeUndefined();
  expect(refusals(record)).toMatch(message);
  expect(record.waitsFor === undefined ? undefined : 'waits').toBe(waits);
});

test('the room of other pools says nothing about it', () => {
  const parts = { ...on(fast), diskFreeBytes: 0 };
  expect(decide(snapshot([host('h1', parts)]), ask({ pool: 'fast' })).winner?.host).toBe('h1');
});

test('a limit that is kept is a matter of the pool for containers, and of nothing for machines', () => {
  const asking = { diskEnforced: true, backend: 'lxc' } as const;
  const hosts = snapshot([host('h1', on(fast))]);
  expect(decide(hosts, ask({ ...asking, pool: 'fast' })).winner?.driver).toBe('lxc');
  const refused = decide(hosts, ask(asking));
  expect(refused.winner).toBeUndefined();
  expect(refused.candidates.map((_, at) => refusals(refused, at)).join()).toContain(
    'diskEnforced asks for a limit that is kept; the pool default keeps no limits: a directory on ext4 has no quota',
  );
  expect(decide(hosts, ask({ diskEnforced: true })).winner?.driver).toBe('kvm');
});
