/**
 * A second container through the API against raw `virsh define` + `virsh start` of an equal prepared one, taken in turn;
 * and what the control plane costs while nothing happens.
 */
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient } from '@innkeeper/client';
import { localHost } from '@innkeeper/host';
import { findImage, pathsUnder } from '@innkeeper/model';
import { createContainerRoot, destroyContainerRoot, imageStore, mountContainerRoot } from '@innkeeper/storage';

const root = fileURLToPath(new URL('../..', import.meta.url));
const prefix = '/tmp/innkeeper-bench';
const paths = pathsUnder(prefix);
const host = localHost('bench');
const env = { INNKEEPER_PREFIX: prefix, INNKEEPER_LISTEN: 'off', INNKEEPER_IMAGE_CACHE: '/var/cache/innkeeper-images' };
const samplesWanted = 12;
const warmUps = 2;
const rawUid = 0x60000000;

const median = (/** @type {number[]} */ values) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const program = (/** @type {string[]} */ argv, options = {}) => host.run(argv, { timeoutMs: 900_000, ...options });
const virsh = (/** @type {string[]} */ ...args) => program(['virsh', '-q', '-c', 'lxc:///system', ...args]);
const setUp = (/** @type {string[]} */ ...args) =>
  program([process.execPath, `${root}/infra/bin/up.js`, ...args], { cwd: root, env });
const client = createClient({ socket: paths.socket });

const time = async (/** @type {() => Promise<unknown>} */ work) => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

const untilRunning = async (/** @type {string} */ name) => {
  // Without statistics, and not at once again: looking must not take the processor from what is looked at.
  while (!(await client.workloads()).some((one) => one.name === name && one.state === 'running')) await delay(10);
};

const createByApi = async (/** @type {number} */ round) => {
  const name = `bench-api-${round}`;
  let operation;
  const ms = await time(async () => {
    operation = await client.put(name, { image: 'debian/12' });
    await untilRunning(name);
  });
  if (operation !== undefined) await client.operation(operation.id, '60s');
  await client.remove(name, { wait: '60s' });
  return ms;
};

/** The same definition under another name, over a root that is mounted already. */
const createRaw = async (/** @type {string} */ template, /** @type {number} */ round) => {
  const uuid = `00000000-0000-4000-8000-${String(round).padStart(12, '0')}`;
  const name = `bench-raw-${round}`;
  const image = findImage('debian/12');
  if (image === undefined) throw new Error('no image');
  const { rootfs } = await imageStore(host, { paths }).rootfs(image);
  await createContainerRoot(host, paths, { id: uuid, lower: rootfs, uidStart: rawUid, files: {} });
  await mountContainerRoot(host, paths, uuid);
  const xml = template
    .replace(/<uuid>[^<]*</, `<uuid>${uuid}<`)
    .replace(/<name>[^<]*</, `<name>${name}<`)
    .replace(/<metadata>[\s\S]*?<\/metadata>/, '')
    .replace(/roots\/[0-9a-f-]{36}\//, `roots/${uuid}/`)
    .replace(/target=(['"])\d+\1/g, `target='${rawUid}'`)
    .replace(/<mac [^>]*>/, '')
    .replace(/(<ip [^>]*address=['"])[0-9.]+/, '$1192.168.122.253');
  const file = `${prefix}/raw.xml`;
  await host.files.write(file, xml);
  const ms = await time(async () => {
    await virsh('define', file);
    await virsh('start', name);
  });
  await virsh('destroy', name);
  await virsh('undefine', name);
  await destroyContainerRoot(host, paths, uuid);
  return ms;
};

const processTree = (/** @type {number} */ pid) => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
  return [pid, ...children];
};
const rssOf = (/** @type {number} */ pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
const ticksOf = (/** @type {number} */ pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]);
};
const controlPlane = () => Number(readFileSync(`${prefix}/run/innkeeper/innkeeper.pid`, 'utf8'));

const idle = async () => {
  await delay(5000);
  const pids = processTree(controlPlane());
  const before = pids.reduce((sum, pid) => sum + ticksOf(pid), 0);
  const seconds = 60;
  await delay(seconds * 1000);
  const after = pids.reduce((sum, pid) => sum + ticksOf(pid), 0);
  return {
    rss: pids.reduce((sum, pid) => sum + rssOf(pid), 0),
    cpu: after - before === 0 ? 0 : (after - before) / seconds,
  };
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

const listTime = () =>
  time(() =>
    program([process.execPath, `${root}/services/cli/bin/inn.js`, 'ls'], { env: { INNKEEPER_PREFIX: prefix } }),
  );

export const bench = async (/** @type {(text: string) => void} */ progress) => {
  progress('setting up an installation of its own');
  await setUp('up', '--yes', '--no-lab');
  try {
    progress('building or unpacking the image');
    for (const name of ['bench-1', 'bench-2', 'bench-3']) {
      const operation = await client.put(name, { image: 'debian/12' });
      for (
        let now = operation;
        now !== undefined && now.finishedAt === undefined;
        now = await client.operation(now.id, '60s')
      );
    }
    const { stdout: template } = await virsh('dumpxml', 'bench-1', '--inactive');
    /** @type {Record<string, number[]>} */
    const samples = { create_running_ms: [], raw_virsh_ms: [], ls_ms: [], cold_start_ms: [] };
    for (let round = 0; round < samplesWanted + warmUps; round += 1) {
      progress(`create: round ${round + 1} of ${samplesWanted + warmUps}`);
      const api = await createByApi(round);
      const raw = await createRaw(template, round);
      if (round < warmUps) continue;
      samples.create_running_ms?.push(api);
      samples.raw_virsh_ms?.push(raw);
    }
    for (let round = 0; round < samplesWanted; round += 1) samples.ls_ms?.push(await listTime());
    progress('idle for a minute');
    const { rss, cpu } = await idle();
    for (let round = 0; round < 10; round += 1) samples.cold_start_ms?.push(await coldStart());
    const create = median(samples.create_running_ms ?? []);
    const raw = median(samples.raw_virsh_ms ?? []);
    return {
      bench: 'create',
      metrics: {
        create_running_ms: create,
        raw_virsh_ms: raw,
        create_running_ratio: create / raw,
        lxd_launch_ms: null,
        lxd_ratio: null,
        cold_start_ms: median(samples.cold_start_ms ?? []),
        idle_rss_mb: rss,
        idle_cpu_pct: cpu,
        ls_ms: median(samples.ls_ms ?? []),
      },
      notes: {
        lxd_launch_ms: 'the comparison with LXD is not built yet',
        lxd_ratio: 'the comparison with LXD is not built yet',
      },
      goals: {
        create_running_ratio: { most: 2 },
        cold_start_ms: { most: 3000 },
        idle_rss_mb: { most: 200 },
        idle_cpu_pct: { most: 1 },
        ls_ms: { most: 300 },
      },
      samples,
      machine: {
        cores: cpus().length,
        memory: totalmem(),
        node: process.version,
        libvirt: (await virsh('--version')).stdout.trim(),
        postgres: '18.4',
      },
    };
  } finally {
    await setUp('up', '--yes', '--no-lab');
    await setUp('down', '--purge', '--yes');
  }
};
