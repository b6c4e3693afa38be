/** What every benchmark needs: time, medians, and what processes cost. */
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

export const median = (/** @type {readonly number[]} */ values) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Milliseconds that the work takes. */
export const time = async (/** @type {() => Promise<unknown>} */ work) => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

/** What one side leaves to be done behind it (a daemon that cleans up, a bridge that learns) must not be the next one's cost. */
const settleMs = 500;

/**
 * Runs each side in turn, so that a machine that gets slower slows both; the first rounds warm up and do not count.
 * @param {Record<string, (round: number) => Promise<number>>} sides
 * @param {{ rounds: number, warmUps?: number, first?: number, progress?: (text: string) => void }} options
 * @returns {Promise<Record<string, number[]>>}
 */
export const inTurn = async (sides, { rounds, warmUps = 2, first = 0, progress = () => undefined }) => {
  /** @type {Record<string, number[]>} */
  const samples = Object.fromEntries(Object.keys(sides).map((key) => [key, []]));
  for (let round = 0; round < rounds + warmUps; round += 1) {
    progress(`round ${round + 1} of ${rounds + warmUps}: ${Object.keys(sides).join(', ')}`);
    for (const [key, side] of Object.entries(sides)) {
      await delay(settleMs);
      const value = await side(first + round);
      if (round >= warmUps) samples[key]?.push(value);
    }
  }
  return samples;
};

const treeOf = (/** @type {number} */ pid) => [
  pid,
  ...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
];

/** Resident megabytes of a process and its children. */
export const rssOf = (/** @type {number} */ pid) =>
  treeOf(pid).reduce(
    (sum, one) => sum + Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    0,
  );

/** Hundredths of a second of processor that a process and its children have used; ended children count with their parent. */
export const ticksOf = (/** @type {number} */ pid) =>
  treeOf(pid).reduce((sum, one) => {
    const fields = readFileSync(`/proc/${one}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return sum + [11, 12, 13, 14].reduce((ticks, at) => ticks + Number(fields[at]), 0);
  }, 0);

export const machineFacts = (/** @type {string} */ libvirt) => ({
  cores: cpus().length,
  memory: totalmem(),
  node: process.version,
  libvirt,
  postgres: '18',
});
