import { writeFile } from 'node:fs/promises';
import { formatSize, InnkeeperError } from '@innkeeper/model';
import type { Command } from 'commander';
import { placeOf } from '../copy/place.ts';
import { say } from '../show/output.ts';
import { client } from '../target.ts';

const copyAll = async (paths: readonly string[]): Promise<void> => {
  const places = paths.map(placeOf);
  const target = places.at(-1);
  const sources = places.slice(0, -1);
  if (target === undefined || sources.length === 0)
    throw new InnkeeperError('invalid', 'inn cp needs what is copied and where to: inn cp notes.txt web:/root/');
  const { push, pull } = await import('../copy/copy.ts');
  let [entries, bytes] = [0, 0];
  for (const source of sources) {
    if ((source.workload === undefined) === (target.workload === undefined))
      throw new InnkeeperError('invalid', 'one end has to be in a guest (NAME:/path), and the other here');
    const copied =
      target.workload === undefined
        ? await pull(source.workload ?? '', source.path, target.path)
        : await push(source.path, target.workload, target.path);
    entries += copied.entries;
    bytes += copied.bytes;
  }
  if (target.path !== '-') say(`copied ${entries} ${entries === 1 ? 'file' : 'files'}, ${formatSize(bytes)}`);
};

/** `ctrl-alt-f2` or KEY_LEFTCTRL: names of people and of Linux. */
const shortNames: Readonly<Record<string, string>> = {
  ctrl: 'LEFTCTRL',
  control: 'LEFTCTRL',
  alt: 'LEFTALT',
  shift: 'LEFTSHIFT',
  win: 'LEFTMETA',
  del: 'DELETE',
  return: 'ENTER',
  escape: 'ESC',
};

const keysOf = (text: string): string[] =>
  text
    .split('-')
    .map((key) => (key.startsWith('KEY_') ? key : `KEY_${shortNames[key.toLowerCase()] ?? key.toUpperCase()}`));

export const addFiles = (program: Command): void => {
  program
    .command('cp <paths...>')
    .description(
      'copy files and folders into or out of a guest: inn cp notes.txt web:/root/; - is standard input or output',
    )
    .action(copyAll);
  program
    .command('screenshot <name> [file]')
    .description('a picture of the screen of a virtual machine (default: NAME.png; - is standard output)')
    .action(async (name: string, file?: string) => {
      const { bytes, type } = await client().screenshot(name);
      const path = file ?? `${name}.${type === 'image/png' ? 'png' : 'ppm'}`;
      if (path === '-') return void process.stdout.write(bytes);
      await writeFile(path, bytes);
      say(`${path}: ${formatSize(bytes.length)}`);
    });
  program
    .command('view <name>')
    .description('the screen of a virtual machine, for a VNC viewer of this machine; ends with Ctrl-C')
    .option('-p, --port <number>', 'port on loopback (default: a free one)', '0')
    .action(async (name: string, { port }: { port: string }) => {
      const { serveView } = await import('../view.ts');
      await serveView(name, port);
    });
  program
    .command('keys <name> <keys...>')
    .description(
      'press keys of a virtual machine, one after the other; joined ones together: inn keys desktop ctrl-alt-del',
    )
    .action(async (name: string, keys: readonly string[]) => {
      for (const together of keys) await client().sendKeys(name, keysOf(together));
    });
};
