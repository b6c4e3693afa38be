import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerRootPath, createContainerRoot, destroyContainerRoot, mountContainerRoot } from '../container-root.ts';
import { layout } from '../layout.ts';
import { createVolumeDirectory, destroyVolumes, volumeDirectoryPath } from '../volumes.ts';
import { type HeldFiles, openHeld } from './held.ts';
import { imageOfRoot } from './image.ts';
import { ensureRepository, listSent, sendParcel } from './repository.ts';
import type { Repository } from './restic.ts';
import { copyMoment, keepMoment, removeMoment, viewMoment } from './root-backup.ts';

const host = localHost('test');
const folder = '/tmp/innkeeper-test-held';
const paths = pathsUnder(folder);
const id = '00000000-0000-4000-8000-00000000b13d';
const moment = '00000000-0000-4000-8000-000000000002';
const uidStart = 0x7f32_0000;
const at = new Date('2026-11-26T12:00:00Z');
const repository: Repository = {
  name: 'shelf',
  address: `${folder}/shelf`,
  password: 'words that nobody knows',
  variables: {},
};

const sh = async (script: string, ...words: string[]): Promise<string> =>
  (await host.run(['sh', '-ec', script, 'sh', ...words])).stdout;

const image = [
  'mkdir -p usr/bin etc/conf.d dir/deep/deeper removed mnt "a/'.concat('long-name-of-a-folder/'.repeat(8), '"'),
  'echo tool > usr/bin/tool; chmod 4755 usr/bin/tool; ln -s usr/bin bin; ln -s ../../../../../../../../etc out; ln -s loop loop',
  'echo 1 > etc/gone; echo 2 > etc/kept; echo 3 > etc/changed; echo old > etc/conf.d/old; echo 4 > dir/deep/deeper/file',
  'echo 5 > dir/deep/hidden; echo 6 > removed/file; chown 33:1000 etc/kept; mkfifo etc/pipe; echo 7 > became',
  'head -c 3000000 /dev/urandom > usr/big; touch -d 2020-02-03T04:05:06 etc/kept; mkdir turned; echo 8 > turned/file',
  'echo long > "a/'.concat('long-name-of-a-folder/'.repeat(8), 'file"'),
].join('\n');
const changes = [
  'rm etc/gone; echo changed > etc/changed; rm -r etc/conf.d; mkdir etc/conf.d; echo own > etc/conf.d/own',
  'rm dir/deep/hidden; echo deep > dir/deep/own; rm -r removed; rm became; mkdir became; echo in > became/in',
  'rm -r turned; echo file > turned; mkdir odd; cd odd; mkfifo pipe; : > empty; ln -s /etc/kept link; ln -s nowhere dead',
  "echo 1 > \"a b\"; echo 2 > \"it's\"; echo 3 > 'star*?[x]'; echo 4 > '\"quoted\"'; echo 5 > -v; echo 6 > 'back\\slash'",
  "printf 7 > 'new\nline'; echo 8 > größe; echo 9 > \"$(printf 'raw\\377')\"; echo 10 > '$(id)'; mkdir 'in *'; echo 11 > 'in */x'",
].join('\n');

let files: HeldFiles;
let root: string;
let volume: string;

/** All that a copy keeps of a tree, with owners as numbers from `start` on. */
const portrait = async (tree: string, start: number): Promise<string> => {
  const found = await sh(
    `cd "$1"; find . ! -type p -printf '%p %y %m <%U> <%G> %l\n' | sort; find . -type f -exec sha256sum {} + | sort -k 2
    find . -type f -printf '%p %Ts\n' | sort`,
    tree,
  );
  return found.replaceAll(/<(\d+)>/g, (_, owner: string) => String(Number(owner) - start));
};

let copies = 0;
/** Copies a path out of the backup by tar; the folder that it is in then. */
const copyOut = async (path: string): Promise<string> => {
  copies += 1;
  const to = `${folder}/out/${copies}`;
  await host.files.makeDirectory(to);
  const parts: Buffer[] = [];
  for await (const part of await files.archive(path)) parts.push(part);
  await host.run(['tar', '-x', '-p', '--numeric-owner', '-f', '-', '-C', to], { input: Buffer.concat(parts) });
  return to;
};

const names = async (path: string): Promise<string[]> => (await files.list(path)).map(({ name }) => name);

beforeAll(async () => {
  await host.files.remove(folder);
  const built = `${layout(paths).images}/debian-12/abcdef`;
  await sh(`mkdir -p "$1/rootfs"; echo '{"name":"debian/12"}' > "$1/image.json"; cd "$1/rootfs"; ${image}`, built);
  // A second is over to nearly all of it: what rounds it is found out.
  await sh('find "$1" -newermt 2021-01-01 -exec touch -h -d 2026-11-26T12:00:00.75 {} +', built);
  await createContainerRoot(host, paths, {
    id,
    lower: `${built}/rootfs`,
    uidStart,
    files: { 'etc/hostname': 'web\n' },
  });
  await createVolumeDirectory(host, paths, id, { name: 'data', owner: uidStart, sizeBytes: 2 ** 20 });
  await mountContainerRoot(host, paths, id);
  [root, volume] = [containerRootPath(paths, id), volumeDirectoryPath(paths, id, 'data')];
  // What the host's own root makes belongs to nobody whom the container knows: all is given to the container's.
  await sh(
    `cd "$1"; ${changes}; cd "$1"; chown -hR "$3:$3" odd etc/changed etc/conf.d dir/deep/own became turned
    cd "$2"; echo data > file; mkdir folder; echo more > folder/file; chown -hR "$3:$3" .`,
    root,
    volume,
    String(uidStart),
  );
  await ensureRepository(host, paths, repository);
  await copyMoment(host, paths, id, moment);
  await keepMoment(host, paths, id, moment);
  const { identity, entries, folder: cwd } = await imageOfRoot(host, paths, id);
  await sendParcel(host, paths, repository, { entries, tags: [`image:${identity}`], of: 'image', at }, { cwd });
  const view = await viewMoment(host, paths, { root: id, id: moment, beside: { 'manifest.json': 'what it is\n' } });
  const parcel = { entries: view.entries, tags: ['backup:one'], of: 'web', at };
  await sendParcel(host, paths, repository, parcel, { words: view.words });
  await removeMoment(host, paths, id, moment);
  const [held] = await listSent(host, paths, repository, ['backup:one']);
  const [below] = await listSent(host, paths, repository, [`image:${identity}`]);
  if (held === undefined || below === undefined) throw new Error('nothing was sent');
  const volumes = [{ name: 'data', place: '/mnt/data' }];
  files = await openHeld(host, paths, repository, { held, image: below, volumes });
});

afterAll(async () => {
  await destroyContainerRoot(host, paths, id);
  await destroyVolumes(host, paths, id);
  await host.files.remove(folder);
});

describe('folders of a backup, copied out of it', () => {
  it.each(['/etc', '/dir', '/odd', '/usr', '/a', '/became', '/mnt/data'])(
    '%s is what the container saw',
    async (path) => {
      const out = await copyOut(path);
      const there = path === '/mnt/data' ? volume : `${root}${path}`;
      expect(await portrait(`${out}/${path.split('/').at(-1)}`, 0)).toBe(await portrait(there, uidStart));
    },
  );

  it('are all that there is when the root is copied, with volumes at their places', async () => {
    const out = await copyOut('/');
    expect(await portrait(`${out}/mnt/data`, 0)).toBe(await portrait(volume, uidStart));
    for (const kept of ['etc', 'dir', 'odd', 'a', 'became'])
      expect(await portrait(`${out}/${kept}`, 0)).toBe(await portrait(`${root}/${kept}`, uidStart));
    expect((await host.files.list(out)).sort()).toEqual((await host.files.list(root)).sort());
  });
});

describe('files of a backup', () => {
  it('lie in the image, or are what the container made of them', async () => {
    expect(await sh('cat "$1/kept"', await copyOut('/etc/kept'))).toBe('2\n');
    expect(await sh('cat "$1/changed"', await copyOut('/etc/changed'))).toBe('changed\n');
    expect(await sh('cat "$1/file"', await copyOut('/dir/deep/deeper/file'))).toBe('4\n');
    expect(await sh('cmp "$1/big" "$2/usr/big"', await copyOut('/usr/big'), root)).toBe('');
    expect(await sh('cat "$1/turned"', await copyOut('/turned'))).toBe('file\n');
    expect(await sh('cat "$1/file"', await copyOut('/mnt/data/folder/file'))).toBe('more\n');
  });

  it.each([
    'a b',
    "it's",
    'star*?[x]',
    '"quoted"',
    '-v',
    'back\\slash',
    'new\nline',
    'größe',
    '$(id)',
    'empty',
    'in */x',
  ])('may be called %j', async (name) => {
    const out = await copyOut(`/odd/${name}`);
    expect(await sh('cmp -- "$1" "$2"', `${out}/${name.split('/').at(-1)}`, `${root}/odd/${name}`)).toBe('');
    expect((await host.files.list(out)).length).toBe(1);
  });

  it.each([
    '/etc/gone',
    '/etc/conf.d/old',
    '/dir/deep/hidden',
    '/removed',
    '/removed/file',
    '/turned/file',
    '/odd/*',
    '/none/x',
  ])('are not there where the container did not see them: %s', async (path) => {
    await expect(files.archive(path)).rejects.toMatchObject({ code: 'not_found' });
    await expect(files.list(path)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are found through links, none of which leads out; a link itself is copied as one', async () => {
    expect(await sh('stat -c %a "$1/tool"', await copyOut('/bin/tool'))).toBe('4755\n');
    expect(await names('/bin/')).toEqual(['tool']);
    expect(await names('/bin')).toEqual(['bin']);
    expect(await names('/out/conf.d')).toEqual(['own']);
    expect(await sh('readlink "$1/link"', await copyOut('/odd/link'))).toBe('/etc/kept\n');
    await expect(files.list('/loop/x')).rejects.toThrow('its links lead nowhere');
    await expect(files.list('/etc/kept/')).rejects.toThrow('/etc/kept is no folder');
  });

  it('are listed as the container saw them', async () => {
    expect(await names('/etc')).toEqual(['changed', 'conf.d', 'hostname', 'kept', 'pipe']);
    expect(await names('/etc/conf.d')).toEqual(['own']);
    expect(await names('/mnt')).toEqual(['data']);
    expect(await names('/')).toEqual((await host.files.list(root)).sort());
    const [kept] = await files.list('/etc/kept');
    const modified = Date.parse('2020-02-03T04:05:06Z') / 1000;
    expect(kept).toEqual({ name: 'kept', kind: 'file', mode: 0o644, uid: 33, gid: 1000, size: 2, modified });
    expect((await files.list('/odd')).find(({ name }) => name === 'link')).toMatchObject({
      kind: 'link',
      target: '/etc/kept',
    });
    await expect(files.archive('/etc/pipe')).rejects.toMatchObject({ code: 'invalid' });
  });
});
