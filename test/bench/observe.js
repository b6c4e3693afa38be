/**
 * What it costs to look at a host with 20 and with 200 containers, in calls and in time, and what the control plane
 * costs while 200 run and nothing happens.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { lxc } from '@innkeeper/drivers';
import { growCrowd, withCrowd } from './crowd.js';
import { controlPlanePid, host, paths, untilSeen, virsh } from './installation.js';
import { inTurn, machineFacts, median, rssOf, ticksOf, time } from './measure.js';
import { measureSeen, goals as seenGoals } from './seen.js';

const rounds = 12;
const few = 20;
const many = 200;
const idleSeconds = 60;

/** A host that counts what libvirt is asked: programs that are run, and questions to a virsh that stays. */
const countingHost = () => {
  let calls = 0;
  /** @type {typeof host} */
  const counting = {
    ...host,
    run: (argv, options) => {
      if (argv[0] === 'virsh') calls += 1;
      return host.run(argv, options);
    },
    spawn: (argv, options) => {
      const child = host.spawn(argv, options);
      if (argv[0] !== 'virsh') return child;
      const write = child.stdin.write.bind(child.stdin);
      child.stdin.write = /** @type {typeof child.stdin.write} */ (
        (/** @type {string} */ text) => {
          calls += 1;
          return write(text);
        }
      );
      return child;
    },
  };
  return {
    host: counting,
    count: () => {
      const now = calls;
      calls = 0;
      return now;
    },
  };
};

const openDriver = (/** @type {typeof host} */ on) =>
  lxc.open({ host: on, paths, acceleration: 'tcg', imageMirror: undefined, imageCache: undefined });

/** Everything that a pass of the control plane reads: every guest, and what each uses. */
const observeAll = async (/** @type {ReturnType<typeof openDriver>} */ driver) => {
  const guests = await driver.list();
  const stats = await driver.stats(guests);
  const measured = [...stats.values()].filter(({ memoryBytes }) => memoryBytes !== undefined).length;
  return { guests: guests.length, measured };
};

/** Calls of a first reading, when nothing is known yet. */
const countCalls = async () => {
  const counting = countingHost();
  const driver = openDriver(counting.host);
  await observeAll(driver);
  return counting.count();
};

const idle = async () => {
  await untilSeen(many);
  await delay(10_000);
  const pid = controlPlanePid();
  const before = ticksOf(pid);
  await delay(idleSeconds * 1000);
  return { rss: rssOf(pid), cpu: (ticksOf(pid) - before) / idleSeconds };
};

const measure = async (/** @type {(text: string) => void} */ progress) => {
  progress(`starting ${few} containers`);
  await growCrowd(0, few);
  const callsFew = await countCalls();
  progress(`starting ${many} containers`);
  await growCrowd(few, many);
  const callsMany = await countCalls();
  const warm = openDriver(host);
  const seen = await observeAll(warm);
  if (seen.measured < many) throw new Error(`only ${seen.measured} of ${many} were measured`);
  const samples = await inTurn(
    {
      // Each sample is a first reading, by a driver that knows nothing yet: a virsh has to be started too.
      observe_200_ms: () => time(() => observeAll(openDriver(host))),
      observe_again_200_ms: () => time(() => observeAll(warm)),
      raw_list_200_ms: () => time(() => virsh('list')),
    },
    { rounds, progress },
  );
  await untilSeen(many);
  const seenByApi = await measureSeen(progress);
  progress('idle for a minute');
  const { rss, cpu } = await idle();
  const of = (/** @type {keyof typeof samples} */ key) => median(samples[key] ?? []);
  return {
    metrics: {
      observe_200_ms: of('observe_200_ms'),
      observe_again_200_ms: of('observe_again_200_ms'),
      raw_list_200_ms: of('raw_list_200_ms'),
      libvirt_calls_20: callsFew,
      libvirt_calls_200: callsMany,
      idle_cpu_pct_200: cpu,
      idle_rss_mb_200: rss,
      ...seenByApi.metrics,
    },
    samples: { ...samples, ...seenByApi.samples },
  };
};

export const bench = async (/** @type {(text: string) => void} */ progress) =>
  withCrowd(progress, async () => {
    const measured = await measure(progress);
    return {
      bench: 'observe',
      ...measured,
      goals: {
        observe_200_ms: { most: 400 },
        libvirt_calls_200: { most: measured.metrics.libvirt_calls_20 },
        idle_cpu_pct_200: { most: 2 },
        idle_rss_mb_200: { most: 250 },
        ...seenGoals,
      },
      machine: machineFacts((await virsh('--version')).stdout.trim()),
    };
  });
