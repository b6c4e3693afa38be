/** Many small containers beside an installation, made by libvirt alone: to Innkeeper they are foreign guests. */
import { connect } from '@innkeeper/libvirt';
import { host, paths, setUp } from './installation.js';

const uidStart = 0x60000000;
const folder = `${paths.prefix}/crowd`;
const atOnce = 4;

export const libvirt = connect(host, 'lxc:///system', { scratch: paths.prefix, timeoutMs: 300_000 });

const uuidOf = (/** @type {number} */ index) => `00000000-0000-4000-9000-${String(index).padStart(12, '0')}`;

const xmlOf = (/** @type {number} */ index) => `<domain type='lxc'>
  <name>bench-crowd-${index}</name>
  <uuid>${uuidOf(index)}</uuid>
  <memory unit='MiB'>32</memory>
  <os><type>exe</type><init>/bin/busybox</init><initarg>sleep</initarg><initarg>1000000</initarg></os>
  <idmap><uid start='0' target='${uidStart}' count='65536'/><gid start='0' target='${uidStart}' count='65536'/></idmap>
  <features><privnet/></features>
  <devices>
    <filesystem type='mount'><source dir='${folder}'/><target dir='/'/></filesystem>
    <console type='pty'/>
  </devices>
</domain>`;

/** Root of all of them: nothing in it is written. */
const makeRoot = async () => {
  await host.files.makeDirectory(folder, 0o755);
  for (const name of ['bin', 'dev', 'proc', 'sys', 'run', 'tmp'])
    await host.files.makeDirectory(`${folder}/${name}`, 0o755);
  await host.run(['cp', '/usr/bin/busybox', `${folder}/bin/busybox`]);
  await host.run(['chown', '-R', `${uidStart}:${uidStart}`, folder]);
};

const forAll = async (
  /** @type {readonly number[]} */ items,
  /** @type {(item: number) => Promise<unknown>} */ work,
) => {
  const waiting = [...items];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
    }),
  );
};

const range = (/** @type {number} */ from, /** @type {number} */ to) =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** Starts those that are missing up to `count`. */
export const growCrowd = async (/** @type {number} */ from, /** @type {number} */ count) => {
  if (from === 0) await makeRoot();
  await forAll(range(from, count), async (index) => {
    await libvirt.define(xmlOf(index), { validate: false });
    await libvirt.start(uuidOf(index));
  });
};

/**
 * Takes all of them away, also those of a run that was interrupted. libvirt needs a second or two for each container that
 * it is to kill, and none for one whose init is gone.
 */
export const removeCrowd = async () => {
  await host.run(['pkill', '-KILL', '-U', String(uidStart)], { expect: [0, 1] });
  const left = (await libvirt.domains()).filter(({ name }) => name.startsWith('bench-crowd-'));
  await forAll(range(0, left.length), async (index) => {
    const uuid = left[index]?.uuid ?? '';
    await libvirt.destroy(uuid).catch(() => undefined);
    await libvirt.undefine(uuid);
  });
  await host.files.remove(folder);
};

/** Runs `work` beside a crowd, in an installation of the benchmark's own; both are taken away, whatever happens. */
export const withCrowd = async (
  /** @type {(text: string) => void} */ progress,
  /** @type {() => Promise<unknown>} */ work,
) => {
  progress('setting up an installation of its own');
  await setUp('down', '--purge', '--yes');
  await removeCrowd();
  await setUp('up', '--yes', '--no-lab');
  try {
    return await work();
  } finally {
    await removeCrowd();
    await setUp('down', '--purge', '--yes');
  }
};
