import { InnkeeperError } from '@innkeeper/model';
import type { Host, HostProcess } from './host.ts';

/** Says that it has the lock, and keeps it until its input ends, with whoever started it. */
const program = ['sh', '-c', 'echo locked; exec cat >/dev/null'];

const said = (child: HostProcess): Promise<boolean> =>
  new Promise((resolve) => {
    child.stdout.once('data', () => resolve(true));
    void child.exit.then(() => resolve(false));
  });

/**
 * Runs `work` while no other process, here or on another machine that reaches the same host, holds the lock of this file of the
 * host. It ends with this process, however that ends. Throws `transient` when another has it for `waitMs` (default 15 minutes).
 */
export const withHostLock = async <T>(
  host: Host,
  file: string,
  work: () => Promise<T>,
  waitMs = 15 * 60_000,
): Promise<T> => {
  const child = host.spawn(['flock', '--wait', String(Math.ceil(waitMs / 1000)), '--', file, ...program], {
    background: true,
  });
  child.stderr.resume();
  if (!(await said(child)))
    throw new InnkeeperError('transient', `Another process holds ${file} for longer than ${waitMs / 1000} s`);
  try {
    return await work();
  } finally {
    child.stdin.end();
    await child.exit;
  }
};
