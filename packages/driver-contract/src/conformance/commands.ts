import { setTimeout as delay } from 'node:timers/promises';
import type { HostProcess } from '@innkeeper/host';
import type { ExecOptions, GuestRef } from '../contract.ts';
import { type ConformanceBench, isConflict, withGuest } from './bench.ts';

/** A command as root of the guest, without a terminal. */
export const options = (command: readonly string[]): ExecOptions => ({
  command,
  env: {},
  cwd: undefined,
  tty: undefined,
});

/** What a process prints until it ends, and its exit code. */
export const outputOf = async (
  process: HostProcess,
): Promise<{ readonly out: string; readonly code: number | undefined }> => {
  let out = '';
  process.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8');
  });
  process.stderr.resume();
  const ended = new Promise((resolve) => void process.stdout.once('end', resolve).once('close', resolve));
  const { code } = await process.exit;
  await ended;
  return { out, code };
};

/** An emulated machine takes its time until somebody inside answers. */
const bootMs = 360_000;
const lookAgainMs = 500;

const answers = async ({ driver }: ConformanceBench, guest: GuestRef): Promise<boolean> => {
  const process = await driver.exec?.(guest, options(['true'])).catch((error: unknown) => {
    if (isConflict(error)) return undefined;
    throw error;
  });
  process?.stdin.end();
  return process !== undefined && (await outputOf(process)).code === 0;
};

/** Until it runs commands: before that it may have no users, no shell and no network. */
export const untilAnswers = async (bench: ConformanceBench, guest: GuestRef): Promise<void> => {
  const deadline = Date.now() + bootMs;
  while (!(await answers(bench, guest)) && Date.now() < deadline) await delay(lookAgainMs);
};

/** A guest that runs commands. */
export const withRunning = (bench: ConformanceBench, work: (guest: GuestRef) => Promise<void>): Promise<void> =>
  withGuest(bench, async (guest) => {
    await bench.driver.start(guest);
    await untilAnswers(bench, guest);
    await work(guest);
  });
