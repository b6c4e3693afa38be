import { localHost } from '@innkeeper/host';
import { afterAll, beforeAll, expect, it } from 'vitest';

const host = localHost('guest-files');
const folder = '/tmp/innkeeper-test-guest-files';
const root = `${folder}/root`;
const hex = (text: string): string => Buffer.from(text).toString('hex');
const text = (word = ''): string => Buffer.from(word, 'hex').toString();

const ask = async (...requests: readonly (readonly string[])[]): Promise<string[]> => {
  const program = await host.files.readText(new URL('../perl/guest-files.pl', import.meta.url).pathname);
  const input = requests.map((words) => `${words.join(' ')}\n`).join('');
  const { stdout } = await host.run(['perl', '-e', program, root, '12345'], { input });
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => line.split(' ').slice(1).map(text).join('='));
};

/** Links that lead out of the root, by any way; a pipe that whoever opens it would wait at. */
const traps = `
mkdir -p "$1/root/etc/folder" "$1/root/var"; echo host > "$1/outside"; echo guest > "$1/root/etc/file"; chmod 640 "$1/root/etc/file"
ln -s "$1/outside" "$1/root/etc/link"; ln -s "../../../../..$1" "$1/root/var/up"; mkfifo "$1/root/etc/pipe"`;

beforeAll(async () => {
  await host.files.remove(folder);
  await host.files.makeDirectory(folder, 0o755);
  await host.run(['sh', '-ec', traps, 'sh', folder]);
});
afterAll(() => host.files.remove(folder));

it('reads files of the guest, and nothing that a link, a pipe or a path leads to elsewhere', async () => {
  const paths = ['etc/file', 'etc/link', 'etc/pipe', 'var/up/outside', '../outside', 'etc/folder', 'none'];
  expect(await ask(...paths.map((path) => ['file', hex(path)]))).toEqual(['etc/file=guest\n']);
  expect(await ask(['list', hex('etc')], ['list', hex('var/up')], ['list', hex('none')])).toEqual(['etc=file']);
});

it('writes in place of files, links and pipes, and never outside', async () => {
  const paths = [
    'etc/file',
    'etc/link',
    'etc/pipe',
    'etc/new',
    'etc/folder',
    'var/up/outside',
    'none/new',
    '../outside',
  ];
  await ask(...paths.map((path) => ['write', hex(path), '600', hex('written')]));
  expect(await host.files.readText(`${folder}/outside`)).toBe('host\n');
  const { stdout } = await host.run(['find', root, '-type', 'f', '-printf', '%P %m %U %s\\n']);
  expect(stdout.trim().split('\n').sort()).toEqual([
    'etc/file 640 0 7',
    'etc/link 600 12345 7',
    'etc/new 600 12345 7',
    'etc/pipe 600 12345 7',
    'outside 600 12345 7',
  ]);
  await ask(
    ['remove', hex('etc/link')],
    ['remove', hex('etc/folder')],
    ['remove', hex('none')],
    ['remove', hex('var/up')],
  );
  expect(await ask(['list', hex('etc')])).toEqual(['etc=file', 'etc=new', 'etc=pipe']);
  expect(await host.files.readText(`${folder}/outside`)).toBe('host\n');
});
