/** A thousand containers on one host: started, listed by the control plane, looked at, and stopped again. */
import { lxc } from '@innkeeper/drivers';
import { growCrowd, libvirt, removeCrowd, withCrowd } from './crowd.js';
import { client, controlPlanePid, host, paths, untilSeen, virsh } from './installation.js';
import { inTurn, machineFacts, median, rssOf, time } from './measure.js';

const count = 1000;
const rounds = 5;

const observeAll = async () => {
  const driver = lxc.open({ host, paths, acceleration: 'tcg', imageMirror: undefined, imageCache: undefined });
  const guests = await driver.list();
  const stats = await driver.stats(guests);
  const measured = [...stats.values()].filter(({ memoryBytes }) => memoryBytes !== undefined).length;
  if (measured < count) throw new Error(`only ${measured} of ${count} were measured`);
};

const measure = async (/** @type {(text: string) => void} */ progress) => {
  progress(`starting ${count} containers`);
  const startMs = await time(() => growCrowd(0, count));
  await untilSeen(count);
  const running = (await client.workloads()).filter(({ state }) => state === 'running').length;
  const samples = await inTurn(
    {
      observe_1000_ms: () => time(observeAll),
      ls_1000_ms: () => time(() => client.workloads({ stats: true })),
      raw_list_1000_ms: () => time(() => virsh('list')),
    },
    { rounds, progress },
  );
  const rss = rssOf(controlPlanePid());
  progress(`stopping ${count} containers`);
  const stopMs = await time(removeCrowd);
  const left = (await libvirt.domains()).filter(({ name }) => name.startsWith('bench-crowd-')).length;
  return {
    metrics: {
      running,
      start_1000_s: startMs / 1000,
      observe_1000_ms: median(samples.observe_1000_ms ?? []),
      ls_1000_ms: median(samples.ls_1000_ms ?? []),
      raw_list_1000_ms: median(samples.raw_list_1000_ms ?? []),
      rss_mb_1000: rss,
      stop_1000_s: stopMs / 1000,
      left,
    },
    samples,
  };
};

export const bench = async (/** @type {(text: string) => void} */ progress) =>
  withCrowd(progress, async () => {
    const measured = await measure(progress);
    return {
      bench: 'thousand',
      ...measured,
      goals: { running: { least: count }, left: { most: 0 } },
      machine: machineFacts((await virsh('--version')).stdout.trim()),
    };
  });
