import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerRootPath, createContainerRoot, destroyContainerRoot, mountContainerRoot } from '../container-root.ts';
import { layout } from '../layout.ts';
import { acl } from '../testing/acl.ts';
import { createVolumeDirectory, destroyVolumes, volumeDirectoryPath } from '../volumes.ts';
import { imageOfRoot } from './image.ts';
import {
  ensureRepository,
  fetchParcel,
  findTagged,
  forgetTagged,
  pruneRepository,
  readSent,
  type Sent,
  sendParcel,
} from './repository.ts';
import type { Repository } from './restic.ts';
import { copyMoment, keepMoment, receiveRoot, removeMoment, removeReceivedRoot, viewMoment } from './root-backup.ts';

const host = localHost('test');
const folder = '/tmp/innkeeper-test-root-backup';
const paths = pathsUnder(folder);
const from = '00000000-0000-4000-8000-00000000b12d';
const to = '00000000-0000-4000-8000-00000000b12e';
const moment = '00000000-0000-4000-8000-000000000001';
const [fromStart, uidStart] = [0x7f30_0000, 0x7f31_0000];
const at = new Date('2026-11-26T12:00:00Z');

const repository: Repository = {
  name: 'shelf',
  address: `${folder}/shelf`,
  password: 'words that nobody knows',
  variables: {},
};

const sh = async (script: string, ...words: string[]): Promise<string> =>
  (await host.run(['sh', '-ec', script, 'sh', ...words])).stdout;

/** All that can be told of a tree, with owners as numbers from the first id of its container on. */
const portrait = async (tree: string, start: number): Promise<string> => {
  const found = await sh(
    `cd "$1"; find . -printf '%p %y %m <%U> <%G> %T@ %n %l\\n' | sort
    find . -type f -exec sha256sum {} + | sort -k 2; find . -type f -links +1 -printf '%i %p\\n' | sort | cut -d ' ' -f 2
    getfattr --recursive --physical --match='^(user|trusted.overlay.opaque)' --dump .`,
    tree,
  );
  // What was deleted is marked by links of one device, as many as the kernel likes: each is one of its own afterwards.
  return found
    .replaceAll(/^(.* c .*) \d+ $/gm, '$1')
    .replaceAll(/<(\d+)>/g, (_, id: string) => String(Number(id) < start ? id : Number(id) - start));
};

const looks = async (id: string, start: number): Promise<string> => {
  await mountContainerRoot(host, paths, id);
  const volume = volumeDirectoryPath(paths, id, 'data');
  const upper = `${layout(paths).roots}/${id}/upper`;
  return [
    await portrait(containerRootPath(paths, id), start),
    await portrait(upper, start),
    await portrait(volume, start),
  ].join('\n--\n');
};

let held: Sent;
let image: Sent & { readonly identity: string };
let before: string;

const send = async (): Promise<void> => {
  await copyMoment(host, paths, from, moment);
  await keepMoment(host, paths, from, moment);
  const found = await imageOfRoot(host, paths, from);
  const tags = [`image:${found.identity}`];
  image = {
    identity: found.identity,
    ...(await sendParcel(
      host,
      paths,
      repository,
      { entries: found.entries, tags, of: 'image', at },
      { cwd: found.folder },
    )),
  };
  const view = await viewMoment(host, paths, { root: from, id: moment, beside: { 'manifest.json': 'what it is\n' } });
  held = await sendParcel(
    host,
    paths,
    repository,
    { entries: view.entries, tags: [`backup:${moment}`], of: 'web', at },
    { words: view.words },
  );
  await removeMoment(host, paths, from, moment);
};

const receive = (id = to, wanted = held.snapshot): Promise<void> =>
  receiveRoot(
    host,
    paths,
    { id, uidStart, volumes: ['data'], image: image.identity },
    {
      image: (cwd) => fetchParcel(host, paths, repository, image.snapshot, { cwd }),
      held: ({ words }) => fetchParcel(host, paths, repository, wanted, { words }),
    },
  );

beforeAll(async () => {
  await host.files.remove(folder);
  const built = `${layout(paths).images}/debian-12/abcdef`;
  await sh(
    `mkdir -p "$1/rootfs/etc/folder" "$1/rootfs/dir"; cd "$1/rootfs"; echo 1 > etc/gone; echo 2 > etc/kept; echo 3 > dir/file
    cp /bin/true dir/setuid; chmod 4755 dir/setuid; ln -s ../etc/kept dir/link; chown 33:33 dir/file; setcap cap_net_raw+ep dir/setuid
    echo '{"name":"debian/12","builtAt":"2026-11-26T10:00:00Z"}' > "$1/image.json"`,
    built,
  );
  await createContainerRoot(host, paths, {
    id: from,
    lower: `${built}/rootfs`,
    uidStart: fromStart,
    files: { 'etc/hostname': 'web\n' },
  });
  await createVolumeDirectory(host, paths, from, { name: 'data', owner: fromStart, sizeBytes: 2 ** 20 });
  await mountContainerRoot(host, paths, from);
  await sh(
    `cd "$1"; rm etc/gone; rm -r etc/folder; mkdir etc/folder; echo new > etc/folder/other; chown "$2" etc/kept etc/folder
    echo one > linked; ln linked again; ln -s /etc/shadow pointer; mkfifo pipe; chmod 4750 linked; setfattr -n user.note -v hello linked
    chown "$2:$2" linked; setfattr -n system.posix_acl_access -v "$4" etc/kept; rm -r dir; truncate -s 5M hole; echo x >> hole
    cp /bin/true able; chown "$2" able; setcap -n "$5" cap_net_raw+ep able; echo data > "$3/file"; chown "$2" "$3/file"
    touch -d 2020-02-03T04:05:06 linked; mkdir "$3/empty"; printf 'odd' > "$3/a
b"; chown "$2:$2" "$3/empty"`,
    containerRootPath(paths, from),
    String(fromStart + 33),
    volumeDirectoryPath(paths, from, 'data'),
    acl(fromStart + 1000),
    String(fromStart),
  );
  before = await looks(from, fromStart);
  await ensureRepository(host, paths, repository);
  await send();
});

afterAll(async () => {
  for (const id of [from, to]) {
    await destroyContainerRoot(host, paths, id);
    await destroyVolumes(host, paths, id);
  }
  await host.files.remove(folder);
});

describe('what a container held, out of a repository', () => {
  it('is the same inside when the container and its image are gone, and in other ids on the disk', async () => {
    await destroyContainerRoot(host, paths, from);
    await destroyVolumes(host, paths, from);
    await host.files.remove(layout(paths).images);
    await receive();
    await receive();
    expect(await looks(to, uidStart)).toBe(before);
    expect((await host.files.list(`${layout(paths).roots}/${to}`)).sort()).toEqual([
      'lower',
      'root',
      'root.json',
      'upper',
      'work',
    ]);
    expect(await host.files.list(`${paths.state}/volumes/${to}`)).toEqual(['data']);
  });

  it('names its own ids in access control lists and in the capabilities of files', async () => {
    const root = containerRootPath(paths, to);
    const list = await sh('getfattr --absolute-names -e hex -n system.posix_acl_access "$1"', `${root}/etc/kept`);
    expect(list).toContain(acl(uidStart + 1000));
    expect((await host.run(['getcap', '-n', `${root}/able`])).stdout).toContain(`cap_net_raw=ep [rootid=${uidStart}]`);
  });

  it('is sent by the container that was made of it with hardly anything added, and its image is the same one', async () => {
    const tree = await imageOfRoot(host, paths, to);
    expect(tree.identity).toBe(image.identity);
    expect(tree.folder).toContain(`/stored/trees/${image.identity}`);
    await copyMoment(host, paths, to, moment);
    await keepMoment(host, paths, to, moment);
    const view = await viewMoment(host, paths, { root: to, id: moment, beside: { 'manifest.json': 'what it is\n' } });
    const parcel = { entries: view.entries, tags: ['backup:again'], of: 'web', at };
    const again = await sendParcel(host, paths, repository, parcel, { words: view.words });
    expect(again.sizeBytes).toBe(held.sizeBytes);
    expect(again.addedBytes).toBeLessThan(20_000);
    await removeMoment(host, paths, to, moment);
    expect((await host.files.list(`${layout(paths).roots}/${to}`)).includes('moments')).toBe(false);
  });

  it('is found by its tags and told by the text beside it, until it is forgotten', async () => {
    const [found] = await findTagged(host, paths, repository, [`backup:${moment}`]);
    expect(found?.startsWith(held.snapshot)).toBe(true);
    expect(await readSent(host, paths, repository, held.snapshot, '/manifest.json')).toBe('what it is\n');
    await forgetTagged(host, paths, repository, ['backup:again']);
    await forgetTagged(host, paths, repository, ['backup:again']);
    await pruneRepository(host, paths, repository);
    expect(await findTagged(host, paths, repository, ['backup:again'])).toEqual([]);
  });
});

describe('a repository that does not do', () => {
  const cases: readonly (readonly [string, Partial<Repository>, object])[] = [
    ['opens by another password', { password: 'another' }, { code: 'conflict', message: /password .* does not open/ }],
    ['is away', { address: `${folder}/away` }, { code: 'transient', message: /no repository at .* shelf/ }],
    ['is on what is not mounted', { mount: folder }, { code: 'transient', message: /no mount point/ }],
    ['is at a server that nobody is', { address: 'rest:http://127.0.0.1:9/' }, { code: 'transient' }],
  ];
  it.each(cases)('says so: one that %s', async (_, change, refusal) => {
    const wrong = { ...repository, ...change };
    const { code, message } = refusal as { readonly code: string; readonly message?: RegExp };
    const wanted = { code, ...(message === undefined ? {} : { message: expect.stringMatching(message) }) };
    await expect(findTagged(host, paths, wrong, ['x'])).rejects.toMatchObject(wanted);
  });

  it('leaves nothing half made when it does not have what is fetched', async () => {
    const other = '00000000-0000-4000-8000-00000000b12f';
    await expect(receive(other, 'ffffffff')).rejects.toMatchObject({ code: 'not_found' });
    await removeReceivedRoot(host, paths, other);
    await removeReceivedRoot(host, paths, other);
    expect(await host.files.list(layout(paths).roots)).toEqual([to]);
  });
});
