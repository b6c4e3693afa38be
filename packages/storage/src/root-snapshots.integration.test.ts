import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { containerRootPath, createContainerRoot, destroyContainerRoot, mountContainerRoot } from './container-root.ts';
import { addPool } from './pools/pool.ts';
import { runOnRoot } from './root-files.ts';
import {
  clearSwappedRoot,
  copyRootSnapshot,
  isRootSwapped,
  keepRootSnapshot,
  listRootSnapshots,
  removeRootSnapshot,
  swapBackRoot,
  swapRootSnapshot,
} from './root-snapshots.ts';
import { createVolumeDirectory, destroyVolumes, volumeDirectoryPath } from './volumes.ts';

const host = localHost('test');
const loopDisk = fileURLToPath(new URL('../../../infra/testbed/loop-disk.sh', import.meta.url));
const root = '00000000-0000-4000-8000-00000000f12a';
const first = { root, id: '00000000-0000-4000-8000-000000000001' };
const second = { root, id: '00000000-0000-4000-8000-000000000002' };
const uidStart = 0x7f10_0000;
let folder = '';
let paths = pathsUnder('');

const sh = async (script: string, ...words: string[]): Promise<string> =>
  (await host.run(['sh', '-ec', script, 'sh', ...words])).stdout;

/**
 * Whatever can be told of a tree: kinds, modes, owners, times, links, sizes, content, attributes. What an overlay marks as deleted are
 * links to one device that it keeps in its work directory: how many there are says nothing.
 */
const portrait = (tree: string): Promise<string> =>
  sh(
    `cd "$1"
    find . -type c -printf '%p c %t\\n' -o -printf '%p %y %m %U:%G %T@ %n %l ' \\( -type f -printf '%s\\n' -o -printf '\\n' \\) | sort
    find . -type f -exec sha256sum {} + | sort -k 2
    find . -type f -links +1 -printf '%i %p\\n' | sort | cut -d ' ' -f 2
    getfattr --recursive --physical --match=- --dump .`,
    tree,
  );

/** A pool on btrfs; undefined: the state directory. */
let pool: string | undefined;
/** What is exchanged: the upper layer, or the subvolume that it is in. */
const own = (): string => `${paths.state}/roots/${root}/${pool === undefined ? 'upper' : 'own'}`;
const upper = (): string => (pool === undefined ? own() : `${own()}/upper`);
const volume = (): string => volumeDirectoryPath(paths, root, 'data');

/** As the container shows it, and what it stands on. */
const looks = async (): Promise<string> => {
  await mountContainerRoot(host, paths, root);
  const seen = [await portrait(containerRootPath(paths, root)), await portrait(upper()), await portrait(volume())];
  return seen.join('\n--\n');
};

/** In the mounted root: what an overlay has marks of its own for, and what a copy loses easily. */
const change = (): Promise<string> =>
  sh(
    `cd "$1"
    rm etc/gone; rm -r etc/folder; mkdir etc/folder; echo new > etc/folder/other
    echo changed >> etc/kept; chown "$2" etc/kept; chmod 4755 etc/kept
    echo one > linked; ln linked again; ln -s /etc/shadow pointer; mkfifo pipe
    setfattr -n user.note -v hello linked
    chown "$2" linked; touch -d @123456789.5 linked; truncate -s 20M sparse
    mv dir moved 2>/dev/null || { cp -a dir moved; rm -r dir; }
    printf 'with\\nline' > 'a name with
line'
    echo data > "$3/file"`,
    containerRootPath(paths, root),
    String(uidStart + 33),
    volume(),
  );

const wreck = (): Promise<string> =>
  sh(
    `cd "$1"; rm -r etc linked sparse; echo added > added; echo other >> again; rm -r moved; mkdir dir2; rm "$2/file"; echo more > "$2/more"`,
    containerRootPath(paths, root),
    volume(),
  );

const take = async (ref = first): Promise<void> => {
  await copyRootSnapshot(host, paths, ref, { id: ref.id, name: 'one' });
  await keepRootSnapshot(host, paths, ref);
};

const whole = (): string[] =>
  pool === undefined
    ? ['lower', 'root', 'snapshots', 'upper', 'work', 'data']
    : ['lower', 'own', 'root', 'snapshots', 'data'];

const beside = async (): Promise<readonly string[]> => [
  ...(await host.files.list(`${paths.state}/roots/${root}`)).filter((name) => name !== 'root.json'),
  ...(await host.files.list(`${paths.state}/volumes/${root}`)),
];

describe.each([undefined, 'tree'])('a snapshot of a container in the pool %s', (name) => {
  const disk = (): string => join(folder, 'disk');
  beforeAll(async () => {
    pool = name;
    folder = await mkdtemp(join(tmpdir(), 'test-root-snapshots-'));
    await host.files.chmod(folder, 0o755);
    paths = pathsUnder(folder);
    await host.files.makeDirectory(paths.state, 0o755);
    const image = join(folder, 'image');
    for (const name of ['bin', 'dev', 'root', 'etc/folder', 'dir']) await mkdir(join(image, name), { recursive: true });
    for (const name of ['etc/gone', 'etc/kept', 'etc/folder/file', 'dir/file'])
      await writeFile(join(image, name), name);
    await copyFile('/bin/busybox', join(image, 'bin/busybox'));
    for (const name of ['sh', 'cat']) await symlink('busybox', join(image, 'bin', name));
    if (name === undefined) return;
    await host.run([loopDisk, 'make', disk(), 'btrfs', 'quotas']);
    await addPool(host, paths, { name, path: `${disk()}.mnt/guests` });
  });
  beforeEach(async () => {
    await createContainerRoot(host, paths, { id: root, lower: join(folder, 'image'), uidStart, files: {}, pool });
    await createVolumeDirectory(host, paths, root, { name: 'data', sizeBytes: 2 ** 30, owner: uidStart, pool });
    await mountContainerRoot(host, paths, root);
    await change();
  });
  afterEach(async () => {
    await destroyContainerRoot(host, paths, root);
    await destroyVolumes(host, paths, root);
    for (const kind of ['roots', 'volumes']) expect(await host.files.list(`${disk()}.mnt/guests/${kind}`)).toEqual([]);
  });
  afterAll(async () => {
    await host.run([loopDisk, 'remove', disk()]);
    await rm(folder, { recursive: true, force: true });
  });

  it('is gone back to exactly: what was deleted, replaced, linked, owned and marked', async () => {
    const before = await looks();
    expect(before).toMatch(/etc\/gone c /);
    expect(before).toContain('trusted.overlay.opaque="y"');
    await take();
    await wreck();
    expect(await looks()).not.toBe(before);
    await swapRootSnapshot(host, paths, first);
    await clearSwappedRoot(host, paths, first);
    expect(await looks()).toBe(before);
    expect(await beside()).toEqual(whole());
    // The snapshot is none the worse for it.
    await wreck();
    await swapRootSnapshot(host, paths, first);
    await clearSwappedRoot(host, paths, first);
    expect(await looks()).toBe(before);
  });

  it('is taken back as well, as long as nobody has cleared what was before', async () => {
    await take();
    await wreck();
    const before = await looks();
    await swapRootSnapshot(host, paths, first);
    expect(await isRootSwapped(host, paths, root)).toBe(true);
    await swapRootSnapshot(host, paths, first);
    await swapBackRoot(host, paths, first);
    await swapBackRoot(host, paths, first);
    expect(await isRootSwapped(host, paths, root)).toBe(false);
    expect(await looks()).toBe(before);
    expect(await beside()).toEqual(whole());
  });

  it.each([
    ['copied', ''],
    ['without its upper layer', 'mv "$1" "$1.old"'],
    ['with one of two exchanged', 'mv "$1" "$1.old"; mv "$1.new" "$1"'],
  ])('is gone back to, or not at all, when that ended in the middle: %s', async (_title, script) => {
    const wanted = await looks();
    await take();
    await wreck();
    const before = await looks();
    await sh('umount "$1/root" "$1/lower"', `${paths.state}/roots/${root}`);
    const half = async (): Promise<void> => {
      const kept = (path: string): string =>
        `${paths.state}/roots/${root}/snapshots/${first.id}/${path.replace(/^.*\/(own|upper)$/, '$1')}`;
      const copy = pool === undefined ? 'cp -a' : 'btrfs subvolume snapshot';
      await sh(`${copy} "$2" "$1.new"; ${copy} "$4" "$3.new"`, own(), kept(own()), volume(), kept('volumes/data'));
      if (script !== '') await sh(script, own());
    };
    await half();
    await swapBackRoot(host, paths, first);
    expect(await looks()).toBe(before);
    await sh('umount "$1/root" "$1/lower"', `${paths.state}/roots/${root}`);
    await half();
    await swapRootSnapshot(host, paths, first);
    await clearSwappedRoot(host, paths, first);
    expect(await looks()).toBe(wanted);
  });

  it('is not seen before it is whole, and half of one is made anew', async () => {
    await copyRootSnapshot(host, paths, first, { id: first.id, name: 'one' });
    expect(await listRootSnapshots(host, paths, root)).toEqual([]);
    await expect(swapRootSnapshot(host, paths, first)).rejects.toMatchObject({ code: 'not_found' });
    await sh('echo half > "$1/snapshots/$2.new/$3/half"', `${paths.state}/roots/${root}`, first.id, basename(own()));
    await take();
    await take();
    const [held, ...others] = await listRootSnapshots(host, paths, root);
    expect(held).toMatchObject({ id: first.id, note: { id: first.id, name: 'one' } });
    // In subvolumes there is nothing yet that the container does not have as well.
    if (pool === undefined) expect(held?.sizeBytes).toBeGreaterThan(4096);
    else expect(held?.sizeBytes).toBeLessThan(4096);
    expect(others).toEqual([]);
    const before = await looks();
    await swapRootSnapshot(host, paths, first);
    await clearSwappedRoot(host, paths, first);
    expect(await looks()).toBe(before);
  });

  it('goes by itself, twice, and no other with it', async () => {
    await take(first);
    await take(second);
    await removeRootSnapshot(host, paths, first);
    await removeRootSnapshot(host, paths, first);
    expect((await listRootSnapshots(host, paths, root)).map(({ id }) => id)).toEqual([second.id]);
    expect((await host.files.facts(`${paths.state}/roots/${root}/snapshots`))?.mode).toBe(0o700);
    await expect(removeRootSnapshot(host, paths, { root, id: '../upper' })).rejects.toMatchObject({ code: 'internal' });
  });

  it('leaves volumes that came later as they are', async () => {
    await take();
    await createVolumeDirectory(host, paths, root, { name: 'later', sizeBytes: 2 ** 30, owner: uidStart, pool });
    const later = volumeDirectoryPath(paths, root, 'later');
    await sh('echo later > "$1/file"', later);
    await swapRootSnapshot(host, paths, first);
    await clearSwappedRoot(host, paths, first);
    expect(await host.files.readText(`${later}/file`)).toBe('later\n');
  });

  it.skipIf(name === undefined)('takes no subvolume of others away that a guest has made a link to', async () => {
    const others = `${disk()}.mnt/others`;
    await sh('mkdir "$1"; btrfs subvolume create "$1/own"', others);
    await take();
    await sh('ln -s "$1" "$2/volumes"; ln -s "$1/own" "$2/own"', others, volume());
    await swapRootSnapshot(host, paths, first);
    await clearSwappedRoot(host, paths, first);
    expect(await host.files.list(volume())).toEqual(['file']);
    expect(await host.files.list(others)).toEqual(['own']);
  });

  it('waits for no program that is at work on the files: it is refused', async () => {
    const program = await runOnRoot(host, paths, root, { command: ['sh', '-c', 'echo begun; cat > /root/note'] });
    await new Promise((resolve) => void program.stdout.once('data', resolve));
    await expect(take()).rejects.toMatchObject({ code: 'conflict', hint: expect.stringContaining('inn cp') });
    program.stdin.end('kept');
    await program.exit;
    await take();
  });
});
