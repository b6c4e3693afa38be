import { equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import type { HostProcess } from '@innkeeper/host';
import type { ExecOptions, GuestRef } from '../contract.ts';
import { type ConformanceBench, type ConformanceCase, declares } from './bench.ts';
import { options, outputOf, withRunning } from './commands.ts';

const begin = async (
  { driver }: ConformanceBench,
  guest: GuestRef,
  command: readonly string[],
  parts: Partial<ExecOptions> = {},
): Promise<HostProcess> => {
  const process = await driver.exec?.(guest, { ...options(command), ...parts });
  if (process === undefined) throw new Error('no exec');
  return process;
};

/** Hears a command from now on; answers what waits for a text behind those that were waited for. */
const hear = ({ stdout }: HostProcess): ((text: string) => Promise<void>) => {
  let said = '';
  stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1');
  });
  return async (text) => {
    while (!said.includes(text)) await once(stdout, 'data');
    said = said.slice(said.indexOf(text) + text.length);
  };
};

const mebibyte = 2 ** 20;

/** Commands that somebody talks to while they run. */
export const streamCases: readonly ConformanceCase[] = [
  {
    title:
      'passes input and output on while commands run side by side, and makes nobody wait for what another does not read',
    needs: 'exec.stream',
    run: async (bench) => {
      if (!(await declares(bench, 'exec.stream'))) return;
      await withRunning(bench, async (guest) => {
        const unread = await begin(bench, guest, ['cat', '/dev/zero']);
        unread.stdout.pause();
        const echo = await begin(bench, guest, [
          'sh',
          '-c',
          'while read -r line; do echo "heard $line"; done; echo end; exit 5',
        ]);
        const echoed = hear(echo);
        for (const word of ['one', 'two']) {
          echo.stdin.write(`${word}\n`);
          await echoed(`heard ${word}`);
        }
        echo.stdin.end();
        await echoed('end');
        equal((await echo.exit).code, 5);
        const counting = await begin(bench, guest, ['wc', '-c']);
        counting.stdin.end(Buffer.alloc(mebibyte));
        equal((await outputOf(counting)).out.trim(), String(mebibyte));
        const much = await begin(bench, guest, ['head', '-c', String(mebibyte), '/dev/zero']);
        much.stdin.end();
        equal((await outputOf(much)).out.length, mebibyte);
        ok(unread.stdout.readableLength < 4 * mebibyte);
        unread.kill('SIGKILL');
        unread.stdout.resume();
        await unread.exit;
      });
    },
  },
  {
    title:
      'gives a terminal the size that is asked for, another while it runs, and its keys and signals to what runs in it',
    needs: 'exec.tty',
    run: async (bench) => {
      if (!(await declares(bench, 'exec.tty'))) return;
      await withRunning(bench, async (guest) => {
        const tty = { cols: 81, rows: 25 };
        const script = 'trap "stty size" WINCH; trap "echo told" USR1; stty size; while :; do sleep 0.1; done';
        const process = await begin(bench, guest, ['sh', '-c', script], { tty });
        const printed = hear(process);
        await printed('25 81');
        process.resize({ cols: 100, rows: 40 });
        await printed('40 100');
        process.kill('SIGUSR1');
        await printed('told');
        // The key that interrupts.
        process.stdin.write('\x03');
        const { code, signal } = await process.exit;
        ok(code !== 0 || signal !== undefined);
      });
    },
  },
];
