/** How soon the API shows what others do, in an installation with nothing else in it; `observe` measures it beside 200 guests. */
import { setUp, virsh } from './installation.js';
import { machineFacts } from './measure.js';
import { goals, measureSeen } from './seen.js';

export const bench = async (/** @type {(text: string) => void} */ progress) => {
  progress('setting up an installation of its own');
  await setUp('down', '--purge', '--yes');
  await setUp('up', '--yes', '--no-lab');
  try {
    const measured = await measureSeen(progress);
    return { bench: 'beside', ...measured, goals, machine: machineFacts((await virsh('--version')).stdout.trim()) };
  } finally {
    await setUp('down', '--purge', '--yes');
  }
};
