/**
 * What a second instance costs with a large image and with a small one; what a fresh container takes on the disk; clones beside
 * those of LXD; and what snapshots and going back cost beside the same copies made by hand.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { importImage } from './images.js';
import { client, finished, followEvents, host, paths, setUp, virsh } from './installation.js';
import { openLxd } from './lxd.js';
import { inTurn, machineFacts, median, time } from './measure.js';
import { rootfs } from './raw.js';

const rounds = 10;
const [small, large] = [200, 4096];
/** What the container of the snapshots has of its own. */
const ownMebibytes = 64;
const beside = 10;

/** @typedef {Awaited<ReturnType<typeof followEvents>>} Events @typedef {(text: string) => void} Progress */

const running = (/** @type {Events} */ events, /** @type {string} */ name) =>
  events.until(({ kind, subject }) => kind === 'guest.running' && subject.name === name);

/** From the request until it runs; milliseconds. It is removed again. @param {Events} events @param {string} name */
const begin = async (
  events,
  name,
  /** @type {() => Promise<import('@innkeeper/model').OperationView | undefined>} */ ask,
) => {
  const runs = running(events, name);
  let operation;
  const ms = await time(async () => {
    operation = await ask();
    await runs;
  });
  await finished(operation);
  await finished(await client.remove(name));
  return ms;
};

/** Of a backend: a second instance of the large image over one of the small image. @param {'lxc' | 'kvm'} backend */
const sizes = async (/** @type {Events} */ events, backend, /** @type {Progress} */ progress) => {
  const variant = backend === 'lxc' ? 'container' : 'vm';
  for (const [name, mebibytes] of /** @type {const} */ ([
    ['small', small],
    ['large', large],
  ])) {
    progress(`an image of ${mebibytes} MiB for ${backend}`);
    await importImage(client, `bench/${backend}-${name}`, variant, mebibytes);
  }
  const side = (/** @type {string} */ size) => (/** @type {number} */ round) => {
    const name = `bench-${size}-${round}`;
    const spec = /** @type {const} */ ({ image: `bench/${backend}-${size}`, backend, memory: '128MiB', networks: [] });
    return begin(events, name, () => client.put(name, { ...spec, disk: '8GiB' }));
  };
  return inTurn({ [`small_${backend}`]: side('small'), [`large_${backend}`]: side('large') }, { rounds, progress });
};

const upperOf = async (/** @type {string} */ name) => {
  const { id } = await client.workload(name);
  return `${paths.state}/roots/${id}/upper`;
};

const mebibytesOf = async (/** @type {string} */ folder) =>
  Number((await host.run(['du', '-sk', '--', folder])).stdout.split('\t')[0]) / 1024;

/** The copies that a snapshot and going back make, and their being written to the disk, by hand. */
const copyByHand = (/** @type {string} */ from) =>
  time(async () => {
    await host.run(['cp', '-a', '--reflink=auto', '--', from, `${from}.bench`]);
    await host.run(['sync', '--file-system', '--', `${from}.bench`]);
  });

const snapshots = async (/** @type {Progress} */ progress) => {
  const name = 'bench-snapshots';
  await finished(await client.put(name, { image: 'debian/12', backend: 'lxc', networks: [] }));
  await finished(await client.act(name, 'stop'));
  const upper = await upperOf(name);
  await host.run(['dd', 'if=/dev/urandom', `of=${upper}/ballast`, 'bs=1M', `count=${ownMebibytes}`, 'status=none']);
  const sides = {
    snapshot: (/** @type {number} */ round) =>
      time(async () => finished(await client.snapshot(name, { name: `s-${round}` }, { wait: '60s' }))),
    restore: (/** @type {number} */ round) =>
      time(async () => finished(await client.restore(name, `s-${round}`, { wait: '60s' }))),
    raw: async () => {
      const ms = await copyByHand(upper);
      await host.files.remove(`${upper}.bench`);
      return ms;
    },
  };
  const samples = await inTurn(sides, { rounds, progress });
  await finished(await client.remove(name));
  return samples;
};

/** What ten containers of one image have of its files in memory, all together. */
const cachedBeside = async (/** @type {Progress} */ progress) => {
  progress(`${beside} containers of one image`);
  const names = Array.from({ length: beside }, (_, index) => `bench-beside-${index}`);
  for (const name of names) await finished(await client.put(name, { image: 'debian/12', backend: 'lxc' }));
  await delay(5000);
  const own = [];
  for (const name of names) own.push(await mebibytesOf(await upperOf(name)));
  const views = (await client.workloads({ stats: true })).filter(({ name }) => names.includes(name));
  const cached = views.map(({ stats }) => (stats?.memoryCacheBytes ?? 0) / 2 ** 20);
  for (const name of names) await finished(await client.remove(name));
  return { own, cached };
};

const clones = async (/** @type {Events} */ events, /** @type {Progress} */ progress) => {
  progress('starting LXD beside us');
  const archive = `${paths.state}/rootfs.tar`;
  await host.run(['tar', '-C', await rootfs(), '--numeric-owner', '-cf', archive, '.'], { timeoutMs: 300_000 });
  const lxd = await openLxd({ directory: `${paths.prefix}/lxd`, rootfs: archive, bridge: 'virbr0' });
  await host.files.remove(archive);
  await finished(await client.put('bench-source', { image: 'debian/12', backend: 'lxc' }));
  try {
    const peer = 'copy' in lxd ? lxd : undefined;
    await peer?.launch('bench-source');
    const samples = await inTurn(
      {
        clone_running_ms: (round) =>
          begin(events, `bench-clone-${round}`, () => client.clone('bench-source', { name: `bench-clone-${round}` })),
        ...(peer === undefined
          ? {}
          : {
              lxd_copy_ms: async (/** @type {number} */ round) => {
                const ms = await peer.copy('bench-source', `bench-${round}`);
                await peer.remove(`bench-${round}`);
                return ms;
              },
            }),
      },
      { rounds, progress },
    );
    await peer?.remove('bench-source');
    return { samples, reason: 'reason' in lxd ? lxd.reason : undefined };
  } finally {
    if ('close' in lxd) await lxd.close();
    await finished(await client.remove('bench-source'));
  }
};

const measure = async (/** @type {Progress} */ progress) => {
  const events = await followEvents();
  try {
    const sized = { ...(await sizes(events, 'lxc', progress)), ...(await sizes(events, 'kvm', progress)) };
    progress('building or unpacking the image');
    const held = await snapshots(progress);
    const { own, cached } = await cachedBeside(progress);
    const { samples, reason } = await clones(events, progress);
    return { samples: { ...sized, ...held, own, cached, ...samples }, reason };
  } finally {
    await events.close();
  }
};

export const bench = async (/** @type {Progress} */ progress) => {
  progress('setting up an installation of its own');
  await setUp('down', '--purge', '--yes');
  await setUp('up', '--yes', '--no-lab');
  try {
    /** @type {{ samples: Record<string, number[]>, reason: string | undefined }} */
    const { samples, reason } = await measure(progress);
    const of = (/** @type {string} */ key) => median(samples[key] ?? []);
    const lxd = reason === undefined ? of('lxd_copy_ms') : null;
    return {
      bench: 'clone',
      metrics: {
        size_ratio_overlay: of('large_lxc') / of('small_lxc'),
        size_ratio_qcow2: of('large_kvm') / of('small_kvm'),
        own_disk_mb: of('own'),
        snapshot_overhead_ms_overlay: of('snapshot') - of('raw'),
        restore_overhead_ms_overlay: of('restore') - of('raw'),
        cached_mb_of_10: (samples.cached ?? []).reduce((sum, one) => sum + one, 0),
        clone_running_ms: of('clone_running_ms'),
        lxd_copy_ms: lxd,
        lxd_copy_ratio: lxd === null ? null : lxd / of('clone_running_ms'),
      },
      notes: reason === undefined ? {} : { lxd_copy_ms: reason, lxd_copy_ratio: reason },
      samples,
      goals: {
        size_ratio_overlay: { most: 1.3 },
        size_ratio_qcow2: { most: 1.3 },
        own_disk_mb: { most: 5 },
        snapshot_overhead_ms_overlay: { most: 150 },
        restore_overhead_ms_overlay: { most: 150 },
      },
      machine: machineFacts((await virsh('--version')).stdout.trim()),
    };
  } finally {
    await setUp('down', '--purge', '--yes');
  }
};
