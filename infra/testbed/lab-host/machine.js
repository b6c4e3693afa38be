/** The running machine. @module */

import { makeImage } from './disk.js';
import { memoryMegabytes, port, running } from './places.js';
import { kernelArguments } from './recipe.js';
import { answers } from './ssh.js';

/** @typedef {import('@innkeeper/host').Host} Host */
/** @typedef {import('./places.js').Running} Running */

const bootLimitMs = 10 * 60_000;
const name = 'innkeeper-lab';
const dataBytes = 6 * 2 ** 30;

/**
 * One processor and one thread: with several, a processor of the machine goes on running kernel code that another has just
 * patched, and the kernel panics after minutes (`Oops: int3` in a jump label). [QEMU 7.2, tried] Who has more processors runs
 * more machines. `-cpu max` emulates AMD's virtualisation too, so that the machine has a /dev/kvm that works.
 * @param {string} folder
 * @param {boolean} hasData
 */
const qemu = (folder, hasData) => [
  'qemu-system-x86_64',
  ...['-name', name, '-machine', 'q35', '-accel', 'tcg,thread=single', '-cpu', 'max,la57=off'],
  ...['-smp', '1', '-m', String(memoryMegabytes), '-display', 'none', '-device', 'virtio-rng-pci'],
  ...['-drive', `file=${running.disk},if=virtio,cache=unsafe,discard=unmap`],
  ...(hasData ? ['-drive', `file=${running.data},format=raw,if=virtio,cache=unsafe,discard=unmap`] : []),
  ...['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:22`, '-device', 'virtio-net-pci,netdev=net'],
  ...['-kernel', `${folder}/vmlinuz`, '-initrd', `${folder}/initrd`, '-append', kernelArguments],
  ...['-serial', `file:${running.console}`, '-pidfile', running.pid, '-daemonize'],
];

/** Its process, and nothing else that got the number since. @param {Host} host @param {Running} at */
const findMachine = async (host, at) => {
  const pid = Number((await host.files.readTextIfThere(at.pid)) ?? '');
  if (!(pid > 0)) return undefined;
  const words = (await host.files.readTextIfThere(`/proc/${pid}/cmdline`))?.split('\0') ?? [];
  return words.includes(name) && words.includes(at.pid) ? pid : undefined;
};

/**
 * @param {() => Promise<boolean>} reached
 * @param {number} limitMs
 */
const reachedInTime = async (reached, limitMs) => {
  const end = Date.now() + limitMs;
  while (!(await reached())) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return true;
};

/**
 * Ends the machine as a power cut would; false when none ran.
 * @param {Host} host
 * @param {Running} [at]
 */
export const stop = async (host, at = running) => {
  const pid = await findMachine(host, at);
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM');
    const ended = await reachedInTime(async () => (await findMachine(host, at)) === undefined, 30_000);
    if (!ended) throw new Error(`the machine (process ${pid}) does not end`);
  }
  await host.files.remove(at.folder);
  return pid !== undefined;
};

/**
 * Starts the machine as it was built, in place of a running one, and waits until ssh answers.
 * @param {Host} host
 * @param {string} folder what {@link build} answered
 * @param {string | undefined} data a folder whose copy the machine gets as its second disk, /dev/vdb
 * @param {(text: string) => void} say
 */
export const start = async (host, folder, data, say) => {
  await stop(host);
  await host.files.makeDirectory(running.folder, 0o700);
  const base = ['-b', `${folder}/disk.raw`, '-F', 'raw'];
  await host.run(['qemu-img', 'create', '-q', '-f', 'qcow2', ...base, '--', running.disk]);
  if (data !== undefined) await makeImage(host, data, running.data, dataBytes);
  const began = Date.now();
  await host.run(qemu(folder, data !== undefined));
  say('booting, about a minute');
  if (!(await reachedInTime(() => answers(host), bootLimitMs)))
    throw new Error(`ssh does not answer; look at ${running.console}`);
  say(`ssh answers on 127.0.0.1:${port} after ${Math.round((Date.now() - began) / 1000)} s`);
};
