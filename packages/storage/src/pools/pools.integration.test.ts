import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuestDisk, destroyGuestDisk, guestDiskPath, reachGuestDisk } from '../disk.ts';
import { addPool, listPools, poolFor, removePool } from './pool.ts';
import { reportPools } from './probe.ts';

const host = localHost('test');
const loopDisk = fileURLToPath(new URL('../../../../infra/testbed/loop-disk.sh', import.meta.url));
const id = '00000000-0000-4000-8000-00000000f13a';
let folder = '';
let paths = pathsUnder('');
/** A directory on a disk of its own. */
let place = '';

const onDisk = async (action: string, ...words: string[]): Promise<void> =>
  void (await host.run([loopDisk, action, join(folder, 'disk'), ...words]));
const makeDisk = () => createGuestDisk(host, paths, { id, sizeBytes: 2 ** 20, backing: undefined, pool: 'fast' });
const away = { code: 'host_error', message: expect.stringContaining('The pool fast is away') };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'test-pools-'));
  await host.files.chmod(folder, 0o755);
  paths = pathsUnder(folder);
  await host.files.makeDirectory(paths.state, 0o755);
  await onDisk('make', 'btrfs');
  place = join(folder, 'disk.mnt/guests');
});
afterAll(async () => {
  await onDisk('remove');
  await rm(folder, { recursive: true, force: true });
});

describe('a directory', () => {
  it.each([
    ['that is not there', () => join(folder, 'nowhere'), 'not_found', /There is no directory/],
    ['that holds something', () => join(folder, 'full'), 'conflict', /is not empty \(note\)/],
    ['that only root may enter', () => join(folder, 'closed/inside'), 'conflict', /closed is closed/],
    ['in the state directory', () => join(paths.state, 'inside'), 'conflict', /are in each other/],
    ['that the state directory is in', () => folder, 'conflict', /are in each other/],
    ['that was another pool', () => join(folder, 'other'), 'conflict', /was the pool slow/],
    ['that leads to a path which cannot be one', () => join(folder, 'link'), 'conflict', /leads to .*a,b/],
  ])('%s is no pool', async (_title, path, code, message) => {
    for (const one of ['full', 'closed/inside', 'other', 'a,b']) await mkdir(join(folder, one), { recursive: true });
    await mkdir(join(paths.state, 'inside'), { recursive: true });
    await writeFile(join(folder, 'full/note'), '');
    await writeFile(join(folder, 'other/innkeeper-pool.json'), JSON.stringify({ id, name: 'slow' }));
    await symlink(join(folder, 'a,b'), join(folder, 'link')).catch(() => undefined);
    await host.files.chmod(join(folder, 'closed'), 0o700);
    const adding = addPool(host, paths, { name: 'fast', path: path() });
    await expect(adding).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await listPools(host, paths)).toEqual([]);
  });

  it('becomes one, twice the same, and is found by what it can do', async () => {
    const pool = await addPool(host, paths, { name: 'fast', path: place });
    expect(await addPool(host, paths, { name: 'fast', path: place })).toEqual(pool);
    const inside = addPool(host, paths, { name: 'other', path: `${place}/roots` });
    await expect(inside).rejects.toMatchObject({ code: 'conflict' });
    const [state, fast, ...others] = await reportPools(host, paths);
    expect(state).toMatchObject({ name: 'default', kind: 'dir', path: paths.state });
    expect(fast).toMatchObject({ name: 'fast', kind: 'btrfs', sharesData: true, limits: { value: false } });
    expect(others).toEqual([]);
    expect((await host.files.list(place)).sort()).toEqual(['disks', 'innkeeper-pool.json', 'roots', 'volumes']);
  });

  it('is no pool any more when nothing is in it, and is taken back with what is', async () => {
    await makeDisk();
    await expect(removePool(host, paths, 'fast')).rejects.toMatchObject({ code: 'conflict' });
    // As when the state directory was lost.
    await host.files.remove(`${paths.state}/pools`);
    await expect(reachGuestDisk(host, paths, id)).rejects.toMatchObject({ code: 'host_error' });
    await addPool(host, paths, { name: 'fast', path: place });
    await reachGuestDisk(host, paths, id);
    await destroyGuestDisk(host, paths, id);
    await removePool(host, paths, 'fast');
    await removePool(host, paths, 'fast');
    expect(await host.files.list(place)).toEqual([]);
    await addPool(host, paths, { name: 'fast', path: place });
  });
});

describe('a guest in a pool', () => {
  it('is found by the path that it would have without one', async () => {
    await makeDisk();
    await makeDisk();
    expect((await host.files.facts(guestDiskPath(paths, id)))?.kind).toBe('file');
    expect(await host.files.list(`${place}/disks/${id}`)).toEqual(['root.qcow2']);
  });

  it('goes whole or not at all, also when only the way to it had been made', async () => {
    await destroyGuestDisk(host, paths, id);
    await destroyGuestDisk(host, paths, id);
    expect([await host.files.list(`${paths.state}/disks`), await host.files.list(`${place}/disks`)]).toEqual([[], []]);
    await symlink(`${place}/disks/${id}`, `${paths.state}/disks/${id}`);
    await destroyGuestDisk(host, paths, id);
    expect(await host.files.list(`${paths.state}/disks`)).toEqual([]);
  });

  it('is out of reach while its pool is away, and nothing is written there or taken away', async () => {
    await makeDisk();
    await onDisk('unmount');
    await mkdir(place);
    await expect(poolFor(host, paths, 'fast')).rejects.toMatchObject(away);
    await expect(reachGuestDisk(host, paths, id)).rejects.toMatchObject(away);
    await expect(makeDisk()).rejects.toMatchObject(away);
    await expect(destroyGuestDisk(host, paths, id)).rejects.toMatchObject(away);
    await expect(removePool(host, paths, 'fast')).rejects.toMatchObject({ code: 'conflict' });
    expect((await reportPools(host, paths))[1]).toEqual({
      name: 'fast',
      path: place,
      away: `its file system is not mounted at ${place}`,
    });
    expect(await host.files.list(place)).toEqual([]);
    await onDisk('mount');
    await reachGuestDisk(host, paths, id);
    await destroyGuestDisk(host, paths, id);
  });
});
