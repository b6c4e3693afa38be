import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerRootPath, createContainerRoot, destroyContainerRoot, mountContainerRoot } from './container-root.ts';
import { copyRoot, keepRootCopy, type RootCopy, removeRootCopy } from './root-clone.ts';
import { copyRootSnapshot, keepRootSnapshot } from './root-snapshots.ts';
import { acl } from './testing/acl.ts';
import { createVolumeDirectory, destroyVolumes, volumeDirectoryPath } from './volumes.ts';

const host = localHost('test');
const folder = '/tmp/innkeeper-test-root-clone';
const paths = pathsUnder(folder);
const from = '00000000-0000-4000-8000-00000000f12d';
const to = '00000000-0000-4000-8000-00000000f12e';
const snapshot = '00000000-0000-4000-8000-000000000001';
const [fromStart, uidStart] = [0x7f20_0000, 0x7f21_0000];
const copy: RootCopy = { from, to, snapshot: undefined, uidStart };

const sh = async (script: string, ...words: string[]): Promise<string> =>
  (await host.run(['sh', '-ec', script, 'sh', ...words])).stdout;

/** All that can be told of a tree, with owners as numbers from the first id of its container on. */
const portrait = async (tree: string, start: number): Promise<string> => {
  const found = await sh(
    `cd "$1"; find . -printf '%p %y %m <%U> <%G> %T@ %n %l\\n' | sort
    find . -type f -exec sha256sum {} + | sort -k 2; find . -type f -links +1 -printf '%i %p\\n' | sort | cut -d ' ' -f 2
    getfattr --recursive --physical --match='^user' --dump .`,
    tree,
  );
  return found.replaceAll(/<(\d+)>/g, (_, id: string) => String(Number(id) < start ? id : Number(id) - start));
};

const looks = async (id: string, start: number): Promise<string> => {
  await mountContainerRoot(host, paths, id);
  const volume = volumeDirectoryPath(paths, id, 'data');
  return [await portrait(containerRootPath(paths, id), start), await portrait(volume, start)].join('\n--\n');
};

beforeAll(async () => {
  await host.files.remove(folder);
  const lower = `${folder}/image`;
  await sh(
    'mkdir -p "$1/etc/folder" "$1/dir"; echo 1 > "$1/etc/gone"; echo 2 > "$1/etc/kept"; echo 3 > "$1/dir/file"',
    lower,
  );
  await createContainerRoot(host, paths, { id: from, lower, uidStart: fromStart, files: { 'etc/hostname': 'web\n' } });
  await createVolumeDirectory(host, paths, from, { name: 'data', sizeBytes: 2 ** 30, owner: fromStart });
  await mountContainerRoot(host, paths, from);
  await sh(
    `cd "$1"; rm etc/gone; rm -r etc/folder; mkdir etc/folder; echo new > etc/folder/other; chown "$2" etc/kept etc/folder
    echo one > linked; ln linked again; ln -s /etc/shadow pointer; mkfifo pipe; chmod 4750 linked; setfattr -n user.note -v hello linked
    chown "$2:$2" linked; setfattr -n system.posix_acl_access -v "$4" etc/kept
    cp /bin/true able; chown "$2" able; setcap -n "$5" cap_net_raw+ep able; echo data > "$3/file"; chown "$2" "$3/file"`,
    containerRootPath(paths, from),
    String(fromStart + 33),
    volumeDirectoryPath(paths, from, 'data'),
    acl(fromStart + 1000),
    String(fromStart),
  );
  const note = { id: snapshot, name: 'first', createdAt: '2026-11-26T12:00:00Z' };
  await copyRootSnapshot(host, paths, { root: from, id: snapshot }, note);
  await keepRootSnapshot(host, paths, { root: from, id: snapshot });
});

afterAll(async () => {
  for (const id of [from, to]) {
    await destroyContainerRoot(host, paths, id);
    await destroyVolumes(host, paths, id);
  }
  await host.files.remove(folder);
});

describe('a copy of what a container holds, with ids of another range', () => {
  it.each([undefined, snapshot])('is the same inside, as often as it is begun: of %s', async (of) => {
    for (let times = 0; times < 2; times += 1) await copyRoot(host, paths, { ...copy, snapshot: of });
    for (let times = 0; times < 2; times += 1) await keepRootCopy(host, paths, { ...copy, snapshot: of });
    await copyRoot(host, paths, { ...copy, snapshot: of });
    expect(await looks(to, uidStart)).toBe(await looks(from, fromStart));
    await removeRootCopy(host, paths, copy);
    await removeRootCopy(host, paths, copy);
    expect(await host.files.list(`${paths.state}/roots`)).toEqual([from]);
    expect(await host.files.list(`${paths.state}/volumes`)).toEqual([from]);
  });

  it('names its own ids in access control lists and in the capabilities of files', async () => {
    await copyRoot(host, paths, copy);
    await keepRootCopy(host, paths, copy);
    await mountContainerRoot(host, paths, to);
    const root = containerRootPath(paths, to);
    const list = await host.run([
      'getfattr',
      '--absolute-names',
      '-e',
      'hex',
      '-n',
      'system.posix_acl_access',
      `${root}/etc/kept`,
    ]);
    expect(list.stdout).toContain(acl(uidStart + 1000));
    expect((await host.run(['getcap', '-n', `${root}/able`])).stdout).toContain(`cap_net_raw=ep [rootid=${uidStart}]`);
    await removeRootCopy(host, paths, copy);
  });

  it('is none of a container, or of a snapshot, that is not there', async () => {
    await expect(copyRoot(host, paths, { ...copy, from: to })).rejects.toMatchObject({ code: 'not_found' });
    const none = '00000000-0000-4000-8000-000000000002';
    await expect(copyRoot(host, paths, { ...copy, snapshot: none })).rejects.toMatchObject({ code: 'not_found' });
    await expect(copyRoot(host, paths, { ...copy, snapshot: '../x' })).rejects.toMatchObject({ code: 'internal' });
    expect(await host.files.list(`${paths.state}/roots`)).toEqual([from]);
  });
});
