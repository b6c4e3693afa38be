import { setTimeout as delay } from 'node:timers/promises';
import type { HostProcess } from '@innkeeper/host';
import type { ExecOptions, GuestOrder, GuestRef } from '../contract.ts';
import { type ConformanceBench, isConflict, refOf, runAll } from './bench.ts';

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

/** A machine that is emulated within an emulated one takes six minutes on a quiet host until somebody inside answers. */
const bootMs = 20 * 60_000;
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

interface Running {
  readonly guest: GuestRef;
  readonly order: GuestOrder;
}

/** The one that waits for the next case, of each bench. */
const waiting = new WeakMap<ConformanceBench, Running>();

const takeAway = ({ driver }: ConformanceBench, { guest, order }: Running): Promise<void> =>
  runAll(driver.destroy(guest, order.claims.networks, 'delete'));

const bringUp = async (bench: ConformanceBench): Promise<Running> => {
  const order = await bench.order();
  const plan = bench.driver.plan(order);
  const running = { guest: refOf(plan), order };
  try {
    await runAll(bench.driver.create(plan));
    await bench.driver.start(running.guest);
    await untilAnswers(bench, running.guest);
    return running;
  } catch (error) {
    await takeAway(bench, running);
    throw error;
  }
};

/** Takes away the guest that cases which only run commands share. */
export const endRunning = async (bench: ConformanceBench): Promise<void> => {
  const left = waiting.get(bench);
  waiting.delete(bench);
  if (left !== undefined) await takeAway(bench, left);
};

/**
 * A guest that runs commands, for a case that changes nothing else of it: the next such case is given the same one, since an emulated
 * machine takes minutes to come up. One in which a case failed goes.
 */
export const withRunning = async (bench: ConformanceBench, work: (guest: GuestRef) => Promise<void>): Promise<void> => {
  const left = waiting.get(bench);
  if (left !== undefined && !(await answers(bench, left.guest))) await endRunning(bench);
  const running = waiting.get(bench) ?? (await bringUp(bench));
  waiting.delete(bench);
  try {
    await work(running.guest);
  } catch (error) {
    await takeAway(bench, running);
    throw error;
  }
  waiting.set(bench, running);
};
