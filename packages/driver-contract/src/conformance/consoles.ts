import { equal, ok } from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { GuestRef } from '../contract.ts';
import { type ConformanceBench, type ConformanceCase, declares, never, stopNow, withGuest } from './bench.ts';
import { options, outputOf, untilAnswers } from './commands.ts';

/** Follows a driver as the control plane does, until the work is done. */
const watched = async ({ driver }: ConformanceBench, work: () => Promise<void>): Promise<void> => {
  const stopping = new AbortController();
  const following = (async () => {
    for await (const _event of driver.watch(stopping.signal)) await driver.list();
  })();
  try {
    await work();
  } finally {
    stopping.abort();
    await following;
  }
};

const printMs = 120_000;
const lookAgainMs = 100;

/** What was printed, once it holds a text. */
const untilPrinted = async ({ driver }: ConformanceBench, guest: GuestRef, text: string): Promise<string> => {
  const deadline = Date.now() + printMs;
  for (;;) {
    const bytes = (await driver.consoleHistory?.(guest)) ?? new Uint8Array();
    const printed = Buffer.from(bytes).toString('latin1');
    if (printed.length > 0 && printed.includes(text)) return printed;
    if (Date.now() > deadline) throw new Error(`not printed in time: ${text}; but ${printed.slice(-500)}`);
    await delay(lookAgainMs);
  }
};

/** Prints a line on the console from inside. */
const print = async ({ driver }: ConformanceBench, guest: GuestRef, line: string): Promise<void> => {
  const process = await driver.exec?.(guest, options(['sh', '-c', 'echo "$1" > /dev/console', 'sh', line]));
  process?.stdin.end();
  if (process !== undefined) equal((await outputOf(process)).code, 0);
};

/** Consoles, and what they printed. A driver that does not declare `console` has neither function. */
export const consoleCases: readonly ConformanceCase[] = [
  {
    title: 'has a console while a guest runs, and says that there is none when it does not',
    needs: 'console',
    run: async (bench) => {
      const { driver } = bench;
      if (!(await declares(bench, 'console'))) return equal(driver.console, undefined);
      await withGuest(bench, async (guest) => {
        equal((await driver.console?.(guest))?.live, undefined);
        await driver.start(guest);
        const live = (await driver.console?.(guest))?.live;
        ok(live !== undefined);
        live.on('error', () => undefined);
        live.destroy();
      });
    },
  },
  {
    title: 'keeps what a guest printed on its console while nobody looked, also after its end',
    needs: 'console.history',
    run: async (bench) => {
      const { driver } = bench;
      if (!(await declares(bench, 'console.history'))) return;
      await withGuest(bench, async (guest) => {
        equal((await driver.consoleHistory?.(guest))?.length, 0);
        await watched(bench, async () => {
          await driver.start(guest);
          await untilPrinted(bench, guest, '');
          await driver.stop(guest, stopNow, never());
        });
        const printed = await untilPrinted(bench, guest, '');
        ok(printed.length <= 64 * 1024);
        equal(Buffer.from((await driver.console?.(guest))?.history ?? '').toString('latin1'), printed);
      });
    },
  },
  {
    title: 'gives who opens a console what was printed before and what follows, and keeps that too',
    needs: 'console.history',
    run: async (bench) => {
      const { driver } = bench;
      if (!(await declares(bench, 'console.history')) || !(await declares(bench, 'exec'))) return;
      await withGuest(bench, (guest) =>
        watched(bench, async () => {
          await driver.start(guest);
          await untilAnswers(bench, guest);
          await print(bench, guest, 'printed-before');
          await untilPrinted(bench, guest, 'printed-before');
          const stream = await driver.console?.(guest);
          ok(Buffer.from(stream?.history ?? '').includes('printed-before'));
          let followed = '';
          stream?.live
            ?.on('error', () => undefined)
            .on('data', (chunk: Buffer) => {
              followed += chunk.toString('latin1');
            });
          await print(bench, guest, 'printed-after');
          await untilPrinted(bench, guest, 'printed-after');
          const deadline = Date.now() + printMs;
          while (!followed.includes('printed-after') && Date.now() < deadline) await delay(lookAgainMs);
          ok(followed.includes('printed-after'));
          ok(!followed.includes('printed-before'));
          const ended = new Promise((resolve) => void stream?.live?.once('close', resolve));
          await driver.stop(guest, stopNow, never());
          await ended;
        }),
      );
    },
  },
];
