import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { findProcess } from '../process.ts';

const held = async (host: Host, file: string): Promise<boolean> => {
  const [pid, ticks] = ((await host.files.readTextIfThere(file)) ?? '').trim().split(' ').map(Number);
  const holder = pid === undefined || !Number.isSafeInteger(pid) ? undefined : await findProcess(host, pid);
  return holder !== undefined && holder.startTicks === ticks;
};

/** A hard link is made by one of two at the same time, and never over one that is there. */
const take = async (host: Host, mine: string, file: string): Promise<boolean> =>
  (await host.run(['ln', '--', mine, file], { expect: [0, 1] })).exitCode === 0;

/** Runs the work while no other set-up or removal of the same installation does. A lock of a dead process is taken over. */
export const withSetupLock = async <T>(host: Host, paths: Paths, work: () => Promise<T>): Promise<T> => {
  const directory = `${paths.prefix}/run`;
  const file = `${directory}/innkeeper-setup.lock`;
  const mine = `${file}.${process.pid}`;
  const self = await findProcess(host, process.pid);
  if (!(await host.files.facts(directory))) await host.files.makeDirectory(directory, 0o755);
  await host.files.write(mine, `${process.pid} ${self?.startTicks ?? 0}\n`, 0o644);
  try {
    if (!(await take(host, mine, file))) {
      if (!(await held(host, file))) await host.files.remove(file);
      if (!(await take(host, mine, file))) {
        throw new InnkeeperError('busy', 'Another set-up of this machine is running', {
          hint: 'Wait for it, then try again',
        });
      }
    }
  } finally {
    await host.files.remove(mine);
  }
  try {
    return await work();
  } finally {
    await host.files.remove(file);
    // Below a prefix the directory may be ours alone, and a removal leaves nothing.
    if (paths.prefix !== '')
      await host.run(['rmdir', '--ignore-fail-on-non-empty', '--', directory], { expect: [0, 1] });
  }
};
