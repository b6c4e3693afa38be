import { symlink } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { localHost } from './local.ts';
import { osReleases } from './os-release.ts';

const host = localHost('test');
const folder = '/tmp/innkeeper-test-os-release';

const tree = async (name: string, files: Readonly<Record<string, string>>): Promise<string> => {
  for (const [path, content] of Object.entries(files)) {
    const at = `${folder}/${name}/${path}`;
    await host.files.makeDirectory(at.slice(0, at.lastIndexOf('/')), 0o755);
    await host.files.write(at, content, 0o644);
  }
  return `${folder}/${name}`;
};

beforeAll(() => host.files.remove(folder));
afterAll(() => host.files.remove(folder));

it('tells the systems of trees, also where the file is a link as distributions have it', async () => {
  const plain = await tree('plain', { 'etc/os-release': 'NAME="Alpine"\nID=alpine\nVERSION_ID=3.19.1\n' });
  const linked = await tree('linked', {
    'etc/hostname': 'x\n',
    'usr/lib/os-release': 'ID="debian"\nVERSION_ID="12"\n',
  });
  await symlink('../usr/lib/os-release', `${linked}/etc/os-release`);
  const rolling = await tree('rolling', { 'usr/lib/os-release': "ID='arch'\n" });
  expect(Object.fromEntries(await osReleases(host)([plain, linked, rolling]))).toEqual({
    [plain]: 'alpine/3.19.1',
    [linked]: 'debian/12',
    [rolling]: 'arch',
  });
});

it('follows no link out of a tree, waits for no pipe, and is content with a tree that is not there', async () => {
  const outside = await tree('outside', { secret: 'ID=secret\nVERSION_ID=1\n' });
  const absolute = await tree('absolute', { 'etc/hostname': 'x\n' });
  await symlink(`${outside}/secret`, `${absolute}/etc/os-release`);
  const relative = await tree('relative', { 'etc/hostname': 'x\n' });
  await symlink('../../outside/secret', `${relative}/etc/os-release`);
  const directory = await tree('directory', { 'home/hostname': 'x\n' });
  await symlink(outside, `${directory}/etc`);
  const pipe = await tree('pipe', { 'etc/hostname': 'x\n' });
  await host.run(['mkfifo', `${pipe}/etc/os-release`]);
  const roots = [absolute, relative, directory, pipe, `${folder}/missing`];
  expect(Object.fromEntries(await osReleases(host)(roots))).toEqual({});
});

it('takes nothing of a file but two plain words', async () => {
  const odd = await tree('odd', { 'etc/os-release': 'ID=$(reboot)\nVERSION_ID=1\n' });
  expect((await osReleases(host)([odd])).size).toBe(0);
});
