import { lstat, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placeLinks } from './links.ts';

let top: string;
let folder: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'innkeeper-test-links-'));
  folder = join(top, 'in');
  await mkdir(folder);
});
afterEach(() => rm(top, { recursive: true }));

describe('links of an archive', () => {
  it('are made, also to links, and without the slash that they begin with', async () => {
    await writeFile(join(folder, 'taken'), 'old');
    await placeLinks(folder, [
      { path: 'certs/one.pem', target: '/usr/share/one.crt' },
      { path: 'certs/0', target: 'one.pem' },
      { path: 'certs/up', target: '../certs/0' },
      { path: 'taken', target: 'certs' },
    ]);
    expect(await readlink(join(folder, 'certs/one.pem'))).toBe('usr/share/one.crt');
    expect(await readlink(join(folder, 'certs/0'))).toBe('one.pem');
    expect(await readlink(join(folder, 'certs/up'))).toBe('../certs/0');
    expect(await readlink(join(folder, 'taken'))).toBe('certs');
  });

  it('are left out where they lead out, or would be made through another one', async () => {
    await symlink(top, join(folder, 'out'));
    await mkdir(join(folder, 'dir'));
    await placeLinks(folder, [
      { path: 'up', target: '../..' },
      { path: 'dir/up', target: '../../x' },
      { path: '../beside', target: 'x' },
      { path: 'out/through', target: 'x' },
      { path: 'first', target: 'dir' },
      { path: 'first/second', target: 'x' },
      { path: 'dir', target: 'x' },
    ]);
    expect((await readdir(folder)).sort()).toEqual(['dir', 'first', 'out']);
    expect(await readdir(top)).toEqual(['in']);
    expect(await readdir(join(folder, 'dir'))).toEqual([]);
    expect((await lstat(join(folder, 'dir'))).isDirectory()).toBe(true);
  });
});
