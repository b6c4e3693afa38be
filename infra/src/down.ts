import { stopDatabase } from './database.ts';
import { removeEverything } from './purge.ts';
import { stopControlPlane } from './service.ts';
import { withSetupLock } from './setup/lock.ts';
import type { Ground } from './setup/step.ts';
import { groundOf, type UpOptions } from './up.ts';

export interface DownOptions extends Omit<UpOptions, 'lab' | 'restore'> {
  /** Removes the workloads and everything that set-up made. */
  readonly purge?: boolean;
  /** With `purge`: removes the Debian packages too that set-up installed. */
  readonly packages?: boolean;
  /** With `purge`: goes on when the workloads cannot be removed through the API. */
  readonly force?: boolean;
}

const stop = async (ground: Ground): Promise<void> => {
  const { host, paths, report, databaseUrl } = ground;
  report.progress('control plane', 'stopping');
  report.done('control plane', (await stopControlPlane({ host, paths })) ? 'stopped' : 'did not run');
  if (databaseUrl !== undefined) report.done('database', 'left as it is: it is the one of DATABASE_URL');
  else report.done('database', (await stopDatabase(host, paths)) ? 'stopped' : 'did not run');
};

/** Stops the control plane and its database; guests run on. With `purge` answers what could not be removed. */
export const down = async (options: DownOptions): Promise<{ readonly left: readonly string[] }> => {
  const ground = await groundOf(options);
  return withSetupLock(ground.host, ground.paths, async () => {
    if (options.purge === true) return { left: await removeEverything(ground, options) };
    await stop(ground);
    ground.report.say('Guests and libvirt run on. Start again with: npm run up');
    return { left: [] };
  });
};
