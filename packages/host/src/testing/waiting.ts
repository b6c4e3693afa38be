import { randomInt } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { localHost } from '../local.ts';

const here = localHost('here');

/** Waits until a state is reached; 10 s are more than any takes. */
export const until = async (what: string, reached: () => boolean | Promise<boolean>): Promise<void> => {
  const limit = Date.now() + 10_000;
  while (!(await reached())) {
    if (Date.now() > limit) throw new Error(`not within 10 s: ${what}`);
    await setTimeout(20);
  }
};

/** Seconds that no other sleep on this machine has, so that its processes are found. */
export const ownSleep = (): string => `86400.${randomInt(1e9, 9e9)}`;

/** Whether a process has a command line that fits, on either side. */
const alive = async (pattern: string): Promise<boolean> =>
  (await here.run(['pgrep', '-f', '--', pattern], { expect: [0, 1] })).exitCode === 0;

export const begins = (sleep: string): Promise<void> => until(`sleep ${sleep} runs`, () => alive(`^sleep ${sleep}`));

export const leavesNothing = (sleep: string): Promise<void> =>
  until(`nothing with ${sleep} runs`, async () => !(await alive(sleep)));
