import { writeFile } from 'node:fs/promises';
import { formatSize, InnkeeperError } from '@innkeeper/model';
import type { Command } from 'commander';
import { placeOf } from '../copy/place.ts';
import { say } from '../show/output.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

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
      throw new InnkeeperError('invalid', `${paths.join(' ')}: one end has to be in a guest, and the other here`, {
        hint: 'inn cp notes.txt web:/root/, or back: inn cp web:/root/notes.txt .',
      });
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
  text.split('-').map((key) => {
    const name = key.startsWith('KEY_') ? key : `KEY_${shortNames[key.toLowerCase()] ?? key.toUpperCase()}`;
    if (/^KEY_[A-Z0-9]{1,30}$/.test(name)) return name;
    throw new InnkeeperError('invalid', `keys ${text}: "${key}" is no key`, {
      hint: `letters and digits are keys, and ${Object.keys(shortNames).join(', ')}, or Linux names such as KEY_MINUS`,
    });
  });

export const addFiles = (program: Command): void => {
  program
    .command('cp <paths...>')
    .description('copy files and folders into or out of a guest; containers need not run')
    .addHelpText(
      'after',
      examples(
        ['inn cp notes.txt site web:/srv/', 'a file and a folder into a folder of the guest'],
        ['inn cp web:/etc/nginx .', 'a folder out of it'],
        ['inn cp web:/root/dump.sql - | gzip > dump.gz', '- is standard output, or input'],
      ),
    )
    .action(copyAll);
  program
    .command('screenshot <name> [file]')
    .description('a picture of the screen of a virtual machine (default: NAME.png; - is standard output)')
    .addHelpText(
      'after',
      examples(['inn screenshot desktop', 'desktop.png'], ['inn screenshot desktop boot.png', 'boot.png']),
    )
    .action(async (name: string, file?: string) => {
      const { bytes, type } = await client().screenshot(name);
      const path = file ?? `${name}.${type === 'image/png' ? 'png' : 'ppm'}`;
      if (path === '-') return void process.stdout.write(bytes);
      await writeFile(path, bytes).catch((cause) => {
        throw new InnkeeperError('invalid', `the picture cannot be written to ${path}`, {
          cause,
          hint: `name another file: inn screenshot ${name} /tmp/${name}.png`,
        });
      });
      say(`${path}: ${formatSize(bytes.length)}`);
    });
  program
    .command('view <name>')
    .description('the screen of a virtual machine, for a VNC viewer of this machine; ends with Ctrl-C')
    .option('-p, --port <number>', 'port on loopback (default: a free one)', '0')
    .addHelpText('after', examples(['inn view desktop -p 5900', 'then: remote-viewer vnc://127.0.0.1:5900']))
    .action(async (name: string, { port }: { port: string }) => {
      const { serveView } = await import('../view.ts');
      await serveView(name, port);
    });
  program
    .command('keys <name> <keys...>')
    .description('press keys of a virtual machine, one after the other; those joined by - together')
    .addHelpText(
      'after',
      examples(
        ['inn keys desktop ctrl-alt-del', 'three at once'],
        ['inn keys desktop r o o t enter', 'one after the other'],
        ['inn keys desktop KEY_F12', 'any key by its Linux name, as in <linux/input-event-codes.h>'],
      ),
    )
    .action(async (name: string, keys: readonly string[]) => {
      for (const pressed of keys.map(keysOf)) await client().sendKeys(name, pressed);
    });
};
