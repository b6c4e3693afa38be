/**
 * A second container through the API against raw `virsh define` + `virsh start` of an equal prepared one and against
 * `lxc launch` of the same root file system, taken in turn; and what the control plane costs while nothing happens.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  client,
  controlPlanePid,
  env,
  finished,
  followEvents,
  host,
  paths,
  root,
  setUp,
  virsh,
} from './installation.js';
import { openLxd } from './lxd.js';
import { inTurn, machineFacts, median, rssOf, ticksOf, time } from './measure.js';
import { createRaw, rootfs } from './raw.js';

const rounds = 12;
const idleSeconds = 60;
/** What the image is grown by to see whether that matters: one large file and many small ones. */
const grownBytes = 2 ** 30;
const grownFiles = 20_000;

const createByApi = async (
  /** @type {Awaited<ReturnType<typeof followEvents>>} */ events,
  /** @type {number} */ round,
) => {
  const name = `bench-api-${round}`;
  const running = events.until(({ kind, subject }) => kind === 'guest.running' && subject.name === name);
  let operation;
  const ms = await time(async () => {
    operation = await client.put(name, { image: 'debian/12' });
    await running;
  });
  await finished(operation);
  await finished(await client.remove(name));
  return ms;
};

/** The image of this installation, larger by {@link grownBytes} and {@link grownFiles}; its other copies stay as they are. */
const growImage = async () => {
  const folder = `${await rootfs()}/var/bench`;
  await host.files.makeDirectory(folder, 0o755);
  await host.run(['fallocate', '-l', String(grownBytes), `${folder}/large`]);
  await host.run(['sh', '-c', `cd "$1" && seq -w 1 ${grownFiles} | xargs touch`, 'sh', folder], { timeoutMs: 120_000 });
};

const idle = async () => {
  await delay(5000);
  const pid = controlPlanePid();
  const before = ticksOf(pid);
  await delay(idleSeconds * 1000);
  return { rss: rssOf(pid), cpu: (ticksOf(pid) - before) / idleSeconds };
};

const coldStart = async () => {
  await setUp('down');
  const infra = await import('@innkeeper/infra');
  return time(async () => {
    const { url } = await infra.ensureDatabase(host, paths);
    await infra.startControlPlane({ host, paths, root, databaseUrl: url, settings: { INNKEEPER_LISTEN: 'off' } });
    await client.workloads();
  });
};

const listOnce = () =>
  time(() =>
    host.run([process.execPath, `${root}/services/cli/bin/inn.js`, 'ls'], {
      env: { INNKEEPER_PREFIX: env.INNKEEPER_PREFIX },
    }),
  );

const openPeer = async (/** @type {(text: string) => void} */ progress) => {
  progress('starting LXD beside us');
  const archive = `${paths.state}/rootfs.tar`;
  await host.run(['tar', '-C', await rootfs(), '--numeric-owner', '-cf', archive, '.'], { timeoutMs: 300_000 });
  const lxd = await openLxd({ directory: `${paths.prefix}/lxd`, rootfs: archive, bridge: 'virbr0' });
  await host.files.remove(archive);
  return lxd;
};

const measureCreate = async (/** @type {(text: string) => void} */ progress) => {
  const { stdout: template } = await virsh('dumpxml', 'bench-1', '--inactive');
  const events = await followEvents();
  const lxd = await openPeer(progress);
  try {
    const peer = 'launch' in lxd ? lxd : undefined;
    const samples = await inTurn(
      {
        create_running_ms: (round) => createByApi(events, round),
        raw_virsh_ms: (round) => createRaw(template, round),
        ...(peer === undefined
          ? {}
          : {
              lxd_launch_ms: async (/** @type {number} */ round) => {
                const ms = await peer.launch(`bench-${round}`);
                await peer.remove(`bench-${round}`);
                return ms;
              },
            }),
      },
      { rounds, progress },
    );
    progress('growing the image by 1 GiB and 20,000 files');
    await growImage();
    const grown = await inTurn({ grown: (round) => createByApi(events, round) }, { rounds, first: 100, progress });
    return {
      samples: { ...samples, create_grown_ms: grown.grown ?? [] },
      reason: 'reason' in lxd ? lxd.reason : undefined,
    };
  } finally {
    if ('close' in lxd) await lxd.close();
    await events.close();
  }
};

const measure = async (/** @type {(text: string) => void} */ progress) => {
  progress('building or unpacking the image');
  await finished(await client.put('bench-1', { image: 'debian/12' }));
  const { samples, reason } = await measureCreate(progress);
  progress('the three workloads of the lab');
  await finished(await client.put('bench-2', { image: 'debian/12', isolation: 'strong' }));
  await finished(await client.put('bench-3', { image: 'windows/11' }));
  progress('idle for a minute');
  const { rss, cpu } = await idle();
  // The machines have booted by now: a list is asked for while things run, not while they start.
  const list = await inTurn({ ls_ms: listOnce }, { rounds, progress });
  const cold = await inTurn({ cold_start_ms: coldStart }, { rounds: 10, warmUps: 1, progress });
  const all = { ...samples, ...list, ...cold };
  const of = (/** @type {string} */ key) =>
    all[/** @type {keyof typeof all} */ (key)] === undefined
      ? null
      : median(all[/** @type {keyof typeof all} */ (key)]);
  const [create, lxd] = [of('create_running_ms') ?? Number.NaN, of('lxd_launch_ms')];
  return {
    metrics: {
      create_running_ms: create,
      raw_virsh_ms: of('raw_virsh_ms'),
      create_running_ratio: create / (of('raw_virsh_ms') ?? Number.NaN),
      create_grown_ratio: (of('create_grown_ms') ?? Number.NaN) / create,
      lxd_launch_ms: lxd,
      lxd_ratio: lxd === null ? null : lxd / create,
      cold_start_ms: of('cold_start_ms'),
      idle_rss_mb: rss,
      idle_cpu_pct: cpu,
      ls_ms: of('ls_ms'),
    },
    notes: reason === undefined ? {} : { lxd_launch_ms: reason, lxd_ratio: reason },
    samples: all,
  };
};

export const bench = async (/** @type {(text: string) => void} */ progress) => {
  progress('setting up an installation of its own');
  await setUp('down', '--purge', '--yes');
  await setUp('up', '--yes', '--no-lab');
  try {
    const measured = await measure(progress);
    return {
      bench: 'create',
      ...measured,
      goals: {
        create_running_ratio: { most: 2 },
        create_grown_ratio: { most: 1.3 },
        lxd_ratio: { least: 6 },
        cold_start_ms: { most: 3000 },
        idle_rss_mb: { most: 200 },
        idle_cpu_pct: { most: 1 },
        ls_ms: { most: 300 },
      },
      machine: machineFacts((await virsh('--version')).stdout.trim()),
    };
  } finally {
    await setUp('down', '--purge', '--yes');
  }
};
