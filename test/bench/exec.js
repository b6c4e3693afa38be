/** A command in a container: through the API, by nsenter alone, and as whole processes of ours and of LXD's. */
import { exec } from '@innkeeper/client';
import { client, env, finished, host, paths, root, setUp, virsh } from './installation.js';
import { openLxd } from './lxd.js';
import { inTurn, machineFacts, median, time } from './measure.js';
import { rootfs } from './raw.js';

const rounds = 20;
const name = 'bench-exec';

const execByApi = async () => {
  const stream = await exec(
    { socket: paths.socket },
    name,
    { command: ['true'] },
    { stdout: () => undefined, stderr: () => undefined },
  );
  stream.end();
  const report = await stream.exit;
  if (!('code' in report) || report.code !== 0) throw new Error(JSON.stringify(report));
};

const initOf = async () => {
  const controller = (await host.files.readText(`/run/libvirt/lxc/${name}.pid`)).trim();
  return (await host.files.readText(`/proc/${controller}/task/${controller}/children`)).trim().split(' ')[0] ?? '';
};

const measure = async (/** @type {(text: string) => void} */ progress) => {
  progress('building or unpacking the image');
  await finished(await client.put(name, { image: 'debian/12' }));
  const init = await initOf();
  const archive = `${paths.state}/rootfs.tar`;
  progress('starting LXD beside us');
  await host.run(['tar', '-C', await rootfs(), '--numeric-owner', '-cf', archive, '.'], { timeoutMs: 300_000 });
  const lxd = await openLxd({ directory: `${paths.prefix}/lxd`, rootfs: archive, bridge: 'virbr0' });
  try {
    const peer = 'launch' in lxd ? lxd : undefined;
    await peer?.launch(name);
    const samples = await inTurn(
      {
        exec_ms: () => time(execByApi),
        raw_nsenter_ms: () => time(() => host.run(['nsenter', '--target', init, '--all', 'true'])),
        inn_exec_ms: () =>
          time(() =>
            host.run([process.execPath, `${root}/services/cli/bin/inn.js`, 'exec', name, '--', 'true'], {
              env: { INNKEEPER_PREFIX: env.INNKEEPER_PREFIX },
            }),
          ),
        ...(peer === undefined ? {} : { lxc_exec_ms: () => time(() => peer.exec(name, ['true'])) }),
      },
      { rounds, progress },
    );
    await peer?.remove(name);
    return { samples, reason: 'reason' in lxd ? lxd.reason : undefined };
  } finally {
    if ('close' in lxd) await lxd.close();
  }
};

export const bench = async (/** @type {(text: string) => void} */ progress) => {
  progress('setting up an installation of its own');
  await setUp('down', '--purge', '--yes');
  await setUp('up', '--yes', '--no-lab');
  try {
    const { samples, reason } = await measure(progress);
    const of = (/** @type {string} */ key) => {
      const found = samples[/** @type {keyof typeof samples} */ (key)];
      return found === undefined ? null : median(found);
    };
    const [ours, raw, peer] = [of('exec_ms') ?? Number.NaN, of('raw_nsenter_ms') ?? Number.NaN, of('lxc_exec_ms')];
    return {
      bench: 'exec',
      metrics: {
        exec_ms: ours,
        raw_nsenter_ms: raw,
        exec_overhead_ms: ours - raw,
        inn_exec_ms: of('inn_exec_ms'),
        lxc_exec_ms: peer,
      },
      notes: reason === undefined ? {} : { lxc_exec_ms: reason },
      samples,
      goals: { exec_overhead_ms: { most: 60 }, ...(peer === null ? {} : { inn_exec_ms: { most: 2 * peer } }) },
      machine: machineFacts((await virsh('--version')).stdout.trim()),
    };
  } finally {
    await setUp('down', '--purge', '--yes');
  }
};
