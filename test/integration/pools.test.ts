import { fileURLToPath } from 'node:url';
import { connect } from '@innkeeper/libvirt';
import type { OperationView, PoolView, WorkloadSpec } from '@innkeeper/model';
import { diskSize, installMountHook, removeMountHook } from '@innkeeper/storage';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { booted, inside } from './inside.ts';
import { host, type Installation, install, leftOnHost, paths, viewWhere } from './installation.ts';
import { disksOf, fill, held as heldByMachine, machineSpec, machinesLeft, unplug } from './machine-disks.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-pools';
  process.env.INNKEEPER_TEST_GUESTS = 'test-pool';
});

const lxc = connect(host, 'lxc:///system');
type PoolName = 'plain' | 'tree';
const loopDisk = fileURLToPath(new URL('../../infra/testbed/loop-disk.sh', import.meta.url));
const place = (pool: PoolName): string => `/tmp/innkeeper-test-pool-${pool}`;
const onDisk = async (pool: PoolName, action: string, ...words: string[]): Promise<void> =>
  void (await host.run([loopDisk, action, place(pool), ...words]));
const machines: string[] = [];
const small: WorkloadSpec = { image: 'debian/12', backend: 'lxc', memory: '256MiB', networks: [], disk: '64MiB' };

let innkeeper: Installation;
let hostName = '';

const finished = async (operation: Promise<OperationView | undefined>): Promise<OperationView> =>
  innkeeper.finished(await operation);
const done = async (operation: Promise<OperationView | undefined>): Promise<OperationView> => {
  const end = await finished(operation);
  expect({ state: end.state, error: end.error }).toEqual({ state: 'done', error: undefined });
  return end;
};
const view = async (pool: PoolName): Promise<PoolView | undefined> =>
  (await innkeeper.client.pools()).find(({ name }) => name === pool);
const virsh = async (...words: string[]): Promise<void> =>
  void (await host.run(['virsh', '-q', '-c', 'lxc:///system', ...words]));
const poolPath = (pool: PoolName): string => `${place(pool)}.mnt/guests`;
const inPool = async (pool: PoolName): Promise<string[]> => {
  const kinds = ['roots', 'disks', 'volumes'];
  return (await Promise.all(kinds.map((kind) => host.files.list(`${poolPath(pool)}/${kind}`)))).flat().sort();
};
const write = (name: string, text: string): Promise<string> =>
  inside(name, 'printf %s "$1" > /root/note; printf %s "$1" > /mnt/data/note; sync', text);
const read = (name: string): Promise<string> => inside(name, 'cat /root/note /mnt/data/note');

beforeAll(async () => {
  await onDisk('plain', 'make', 'ext4');
  await onDisk('tree', 'make', 'btrfs', 'quotas');
  // Links of a run that was ended, into pools that are gone.
  await host.run(['find', paths.state, '-maxdepth', '2', '-type', 'l', '-delete'], { expect: [0, 1] });
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
  await installMountHook(host, paths);
  hostName = (await innkeeper.client.hosts())[0]?.name ?? '';
});

afterAll(async () => {
  for (const { name, managed } of await innkeeper.client.workloads())
    if (managed) await done(innkeeper.client.remove(name));
  for (const pool of ['plain', 'tree'] as const) {
    expect(await inPool(pool)).toEqual([]);
    await innkeeper.client.removePool(hostName, pool);
    expect(await host.files.list(poolPath(pool))).toEqual([]);
    await onDisk(pool, 'remove');
  }
  await removeMountHook(host, paths);
  expect(await machinesLeft(machines)).toEqual([]);
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

describe('a directory', () => {
  it.each([
    ['plain', { kind: 'dir', fileSystem: 'ext4', sharesData: false, limits: { value: false } }],
    ['tree', { kind: 'btrfs', fileSystem: 'btrfs', sharesData: true, limits: { value: true } }],
  ] as const)('becomes the pool %s, and what it can do is found by trying', async (name, found) => {
    const view = await innkeeper.client.addPool(hostName, { name, path: poolPath(name) });
    expect(view).toMatchObject({ host: hostName, name, path: poolPath(name), workloads: [], ...found });
    expect(view.freeBytes).toBeLessThanOrEqual(view.totalBytes ?? 0);
    expect((await innkeeper.client.pools()).map((one) => one.name)).toContain('default');
  });
});

describe.each(['plain', 'tree'] as const)('a container in the pool %s', (pool) => {
  const name = `test-pool-${pool}`;
  const spec: WorkloadSpec = {
    image: 'debian/12',
    backend: 'lxc',
    memory: '256MiB',
    networks: [],
    disk: '64MiB',
    pool,
    volumes: [{ name: 'data', size: '64MiB' }],
  };

  it('stands there, and is found by the same paths as any', async () => {
    await done(innkeeper.client.put(name, spec));
    await booted(name);
    await write(name, 'first');
    await inside(name, 'dd if=/dev/urandom of=/root/weight bs=1M count=1 status=none; sync');
    const { id } = await innkeeper.client.workload(name);
    expect(await inPool(pool)).toEqual([id, id]);
    const real = await host.run(['realpath', `${paths.state}/roots/${id}`]);
    expect(real.stdout.trim()).toBe(`${poolPath(pool)}/roots/${id}`);
    expect((await lxc.xml([id])).get(id)).toContain(`${paths.state}/roots/${id}/root`);
    const { candidates } = await innkeeper.client.explain(name);
    const lookedAt = candidates.find(({ fits }) => fits)?.checks.find(({ check }) => check === 'pool');
    expect(lookedAt).toMatchObject({ ok: true, need: pool, have: poolPath(pool) });
    expect((await view(pool))?.workloads).toEqual([name]);
    expect((await view(pool))?.claimedBytes).toBe(128 * 2 ** 20);
  });

  it('is kept, cloned, and gone back to, with its volume', async () => {
    await done(innkeeper.client.snapshot(name, { name: 'first' }));
    await write(name, 'second');
    await done(innkeeper.client.clone(name, { name: `${name}-two` }));
    await done(innkeeper.client.clone(name, { name: `${name}-old`, snapshot: 'first' }));
    await write(name, 'third');
    await done(innkeeper.client.restore(name, 'first'));
    expect([await read(name), await read(`${name}-two`), await read(`${name}-old`)]).toEqual([
      'firstfirst',
      'secondsecond',
      'firstfirst',
    ]);
    await done(innkeeper.client.snapshot(`${name}-two`, { name: 'own' }));
    await write(`${name}-two`, 'fourth');
    await done(innkeeper.client.restore(`${name}-two`, 'own'));
    expect(await read(`${name}-two`)).toBe('secondsecond');
  });

  it('is held to its sizes where the pool keeps limits, also a clone and after going back, and grows', async () => {
    const fill = (of: string, where: string, mebibytes: number): Promise<string> =>
      inside(of, 'dd if=/dev/urandom of="$1/filling" bs=1M count="$2" status=none; sync', where, String(mebibytes));
    const empty = (of: string): Promise<string> => inside(of, 'rm -f /root/filling /mnt/data/filling; sync');
    const { limits } = (await view(pool)) ?? {};
    if (limits?.value !== true) {
      const refused = innkeeper.client.put(`${name}-bound`, { ...spec, diskEnforced: true });
      await expect(refused).rejects.toMatchObject({
        code: 'unplaceable',
        message: expect.stringContaining(`the pool ${pool} keeps no limits: a directory on ext4 has no quota`),
      });
      await fill(name, '/root', 80);
      return empty(name);
    }
    for (const of of [name, `${name}-two`])
      for (const where of ['/root', '/mnt/data']) {
        await expect(fill(of, where, 80), `${of}:${where}`).rejects.toThrow(/Disk quota exceeded/);
        await empty(of);
      }
    await done(innkeeper.client.put(name, { ...spec, disk: '128MiB', volumes: [{ name: 'data', size: '128MiB' }] }));
    await fill(name, '/root', 80);
    await fill(name, '/mnt/data', 80);
    await empty(name);
  });

  it('says what of its own bytes others have as well, where the file system tells', async () => {
    // The figures of the other one are kept from a look at it before there was anything to share.
    const all = await innkeeper.client.workloads({ stats: true });
    const { stats } = all.find((one) => one.name === `${name}-two`) ?? {};
    expect(stats?.ownDiskBytes).toBeGreaterThan(0);
    if (pool === 'plain') return expect(stats?.sharedDiskBytes).toBeUndefined();
    expect(stats?.sharedDiskBytes).toBeGreaterThan(0);
    expect(stats?.sharedDiskBytes).toBeLessThanOrEqual(stats?.ownDiskBytes ?? 0);
  });

  it('starts by virsh after its mounts are gone, as after a reboot', async () => {
    const { id } = await innkeeper.client.workload(name);
    await done(innkeeper.client.act(name, 'stop'));
    for (const point of ['root', 'lower'])
      await host.run(['umount', `${paths.state}/roots/${id}/${point}`], { expect: [0, 32] });
    await virsh('start', name);
    await viewWhere(innkeeper, name, ({ state }) => state === 'running');
    expect(await read(name)).toBe('firstfirst');
  });

  it('goes in any order, and leaves nothing', async () => {
    await done(innkeeper.client.remove(name));
    expect(await read(`${name}-old`)).toBe('firstfirst');
    await done(innkeeper.client.remove(`${name}-two`));
    expect(await read(`${name}-old`)).toBe('firstfirst');
    await done(innkeeper.client.remove(`${name}-old`));
    expect(await inPool(pool)).toEqual([]);
  });
});

describe.each(['plain', 'tree'] as const)('a machine in the pool %s', (pool) => {
  const name = `test-pool-vm-${pool}`;

  it('stands there, is kept, gone back to, and grows, with its volume', async () => {
    await done(innkeeper.client.put(name, { ...machineSpec, pool }));
    const { id } = await innkeeper.client.workload(name);
    machines.push(id);
    expect(await inPool(pool)).toEqual([id, id]);
    await fill(id, 1);
    await done(innkeeper.client.snapshot(name, { name: 'first' }));
    await fill(id, 2);
    await unplug(innkeeper, name);
    await done(innkeeper.client.restore(name, 'first'));
    expect((await heldByMachine(id)).bytes).toEqual([1, 1]);
    const grown = { disk: '2GiB', volumes: [{ name: 'data', size: '128MiB' }] };
    await done(innkeeper.client.put(name, { ...machineSpec, pool, power: 'stopped', ...grown }));
    const { disk, volume } = disksOf(id);
    expect([await diskSize(host, disk), await diskSize(host, volume)]).toEqual([2 * 2 ** 30, 128 * 2 ** 20]);
    expect((await heldByMachine(id)).bytes).toEqual([1, 1]);
  });

  it('is cloned as it is and as it was, and each goes without the others', async () => {
    const { id } = await innkeeper.client.workload(name);
    await fill(id, 3);
    const clone = async (as: string, snapshot?: string): Promise<string> => {
      const from = snapshot === undefined ? {} : { snapshot };
      await done(innkeeper.client.clone(name, { name: as, power: 'stopped', ...from }));
      const { id: made } = await innkeeper.client.workload(as);
      machines.push(made);
      return made;
    };
    const now = await clone(`${name}-now`);
    const before = await clone(`${name}-old`, 'first');
    expect(await inPool(pool)).toEqual([id, id, now, now, before, before].sort());
    expect((await heldByMachine(now)).bytes).toEqual([3, 3]);
    await done(innkeeper.client.remove(name));
    await fill(now, 4);
    expect((await heldByMachine(before)).bytes).toEqual([1, 1]);
    await done(innkeeper.client.remove(`${name}-now`));
    expect((await heldByMachine(before)).bytes).toEqual([1, 1]);
    await done(innkeeper.client.remove(`${name}-old`));
    expect(await inPool(pool)).toEqual([]);
  });
});

describe('a pool that is full', () => {
  const name = 'test-pool-full';

  it('is said, and what there was stays', async () => {
    await done(innkeeper.client.put(name, { ...small, pool: 'plain' }));
    await booted(name);
    await inside(name, 'echo first > /root/note; sync');
    const filling = `${poolPath('plain')}/../filling`;
    const { free } = await host.files.space(poolPath('plain'));
    await host.run(['fallocate', '-l', String(free - 2 ** 20), filling]);
    await host.run(['dd', 'if=/dev/zero', `of=${filling}.rest`, 'bs=4k', 'status=none'], { expect: [1] });
    const noRoom = { state: 'failed', error: { hint: expect.stringMatching(/^make room first/) } };
    expect(await finished(innkeeper.client.snapshot(name, { name: 'large' }))).toMatchObject(noRoom);
    expect(await innkeeper.client.snapshots(name)).toEqual([]);
    expect(await inside(name, 'cat /root/note')).toBe('first\n');
    for (const one of [filling, `${filling}.rest`]) await host.files.remove(one);
    await done(innkeeper.client.snapshot(name, { name: 'large' }));
    await done(innkeeper.client.remove(name));
  });
});

describe.each(['plain', 'tree'] as const)('the pool %s, when it is away', (pool) => {
  const name = `test-pool-away-${pool}`;
  const later = `test-pool-later-${pool}`;
  const away = { code: 'host_error', detail: expect.stringContaining(`The pool ${pool} is away`) };
  const failed = { state: 'failed', error: away };

  it('is said by all that needs it, and nothing is written in its place', async () => {
    await done(innkeeper.client.put(name, { ...small, pool }));
    await booted(name);
    await inside(name, 'echo first > /root/note');
    await done(innkeeper.client.snapshot(name, { name: 'first' }));
    await done(innkeeper.client.act(name, 'stop'));
    await onDisk(pool, 'unmount');
    expect(await finished(innkeeper.client.act(name, 'start'))).toMatchObject(failed);
    expect(await finished(innkeeper.client.snapshot(name, { name: 'second' }))).toMatchObject(failed);
    expect(await finished(innkeeper.client.restore(name, 'first'))).toMatchObject(failed);
    expect(await finished(innkeeper.client.clone(name, { name: later }))).toMatchObject(failed);
    expect(await finished(innkeeper.client.put(later, { ...small, pool }))).toMatchObject(failed);
    await expect(virsh('start', name)).rejects.toThrow(/the pool of this container is away/);
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'stopped', error: away });
    expect(await host.files.list(`${place(pool)}.mnt`)).toEqual([]);
  });

  it('is not removed, nor what stands in it', async () => {
    expect(await view(pool)).toMatchObject({ away: expect.stringContaining('is not mounted at') });
    await expect(innkeeper.client.removePool(hostName, pool)).rejects.toMatchObject({ code: 'conflict' });
    expect(await finished(innkeeper.client.remove(name))).toMatchObject(failed);
    expect((await innkeeper.client.workloads()).map((one) => one.name)).toContain(name);
  });

  it('goes on as it was when it is back, with what waited for it', async () => {
    await innkeeper.client.put(later, { ...small, pool, labels: { again: 'yes' } });
    await viewWhere(innkeeper, later, ({ state }) => state === 'waiting');
    await onDisk(pool, 'mount');
    await viewWhere(innkeeper, later, ({ state }) => state === 'running');
    await done(innkeeper.client.remove(later));
    const { state } = await innkeeper.client.workload(name);
    expect(state).toBe('removing');
    await done(innkeeper.client.remove(name));
    expect(await inPool(pool)).toEqual([]);
  });
});
