import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Driver, GuestRef } from '../contract.ts';
import { type ConformanceBench, type ConformanceCase, never, stopNow, withGuest } from './bench.ts';
import { options, outputOf, untilAnswers } from './commands.ts';

type OnFiles = NonNullable<Driver['onFiles']>;

const write = (path: string): readonly string[] => ['sh', '-c', 'cat > "$1"', 'sh', path];

/** A guest that has never run, and what does something with its files. Nothing at all where that is not declared. */
const withFiles = async (
  bench: ConformanceBench,
  work: (
    guest: GuestRef,
    run: (command: readonly string[], input?: string) => ReturnType<typeof outputOf>,
    onFiles: OnFiles,
  ) => Promise<void>,
): Promise<void> => {
  const { onFiles } = bench.driver;
  if (onFiles === undefined) return;
  await withGuest(bench, (guest) =>
    work(
      guest,
      async (command, input) => {
        const process = await onFiles(guest, command);
        process.stdin.end(input);
        return outputOf(process);
      },
      onFiles,
    ),
  );
};

/** What can be done with the files of a guest that does not run. A driver that does not declare it has no such function. */
export const fileCases: readonly ConformanceCase[] = [
  {
    title: 'writes and reads files of a guest that does not run, and leaves nothing but them',
    needs: 'files.stopped',
    run: (bench) =>
      withFiles(bench, async (guest, run) => {
        const before = await bench.leftovers(guest);
        equal((await run(write('/root/note'), 'kept')).code, 0);
        equal((await run(['cat', '/root/note'])).out, 'kept');
        equal((await run(['stat', '-c', '%u %g', '/root/note'])).out, '0 0\n');
        equal((await run(['test', '-d', '/root/note'])).code, 1);
        notEqual((await run(['there-is-no-such-program'])).code, 0);
        deepEqual(await bench.leftovers(guest), before);
        await bench.driver.start(guest);
        await untilAnswers(bench, guest);
        const process = await bench.driver.exec?.(guest, options(['stat', '-c', '%U', '/root/note']));
        process?.stdin.end();
        equal(process === undefined ? 'root\n' : (await outputOf(process)).out, 'root\n');
        // Its root may have been unmounted with it.
        await bench.driver.stop(guest, stopNow, never());
        equal((await run(['cat', '/root/note'])).out, 'kept');
      }),
  },
  {
    title: 'follows no link of a guest that does not run to a file of the host',
    needs: 'files.stopped',
    run: (bench) =>
      withFiles(bench, async (_guest, run) => {
        const folder = await mkdtemp(join(tmpdir(), 'test-conform-'));
        try {
          await writeFile(join(folder, 'secret'), 'of the host');
          for (const up of ['', '../../../../../../../../..']) {
            equal((await run(['ln', '-sfn', `${up}${folder}`, '/root/folder'])).code, 0);
            equal((await run(['ln', '-sfn', `${up}${folder}/secret`, '/root/file'])).code, 0);
            notEqual((await run(['cat', '/root/file'])).out, 'of the host');
            for (const path of ['/root/file', '/root/folder/secret', '/root/folder/more', `/..${folder}/secret`])
              notEqual((await run(write(path), 'from the guest')).code, 0, path);
          }
          // A link that leads to a place of the same name writes to the guest's.
          equal((await run(['mkdir', '-p', folder])).code, 0);
          equal((await run(write('/root/file'), 'from the guest')).code, 0);
          equal((await run(['cat', `${folder}/secret`])).out, 'from the guest');
          equal(await readFile(join(folder, 'secret'), 'utf8'), 'of the host');
          deepEqual(await readdir(folder), ['secret']);
        } finally {
          await rm(folder, { recursive: true });
        }
      }),
  },
  {
    title: 'gives a program on the files of a guest nothing of the host, and no way to get it',
    needs: 'files.stopped',
    run: (bench) =>
      withFiles(bench, async (_guest, run) => {
        for (const command of ['mount -t tmpfs none /mnt', 'unshare --user true', 'mknod /root/disk b 8 0'])
          notEqual((await run(['sh', '-c', command])).code, 0, command);
        equal((await run(['sh', '-c', 'echo $$; ls /proc | wc -l'])).out, '1\n0\n');
        match((await run(['ls', '-1', '/'])).out, /^etc$/m);
      }),
  },
  {
    title: 'starts a guest while something is written to its files, and leaves nothing of what is killed',
    needs: 'files.stopped',
    run: (bench) =>
      withFiles(bench, async (guest, run, onFiles) => {
        const { driver } = bench;
        // After this a driver may have its root unmounted.
        await driver.start(guest);
        await driver.stop(guest, stopNow, never());
        const before = await bench.leftovers(guest);
        const slow = await onFiles(guest, write('/root/slow'));
        slow.stdin.write('first ');
        while ((await run(['cat', '/root/slow'])).out !== 'first ');
        await driver.start(guest);
        slow.stdin.end('second');
        equal((await outputOf(slow)).code, 0);
        await untilAnswers(bench, guest);
        const process = await driver.exec?.(guest, options(['cat', '/root/slow']));
        process?.stdin.end();
        equal(process === undefined ? 'first second' : (await outputOf(process)).out, 'first second');
        await driver.stop(guest, stopNow, never());
        const killed = await onFiles(guest, write('/root/killed'));
        killed.stdin.write('something');
        while ((await run(['cat', '/root/killed'])).out !== 'something');
        killed.kill('SIGKILL');
        await killed.exit;
        deepEqual(await bench.leftovers(guest), before);
        equal((await run(['cat', '/root/slow'])).out, 'first second');
      }),
  },
];
