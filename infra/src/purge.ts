import { InnkeeperError } from '@innkeeper/model';
import { findServer } from './database/server.ts';
import { ensureDatabase, stopDatabase } from './database.ts';
import { ensureLibvirt } from './libvirt.ts';
import { removeNetworks } from './purge/networks.ts';
import { findRemains } from './purge/remains.ts';
import { undoSetup } from './purge/undo.ts';
import { removeWorkloads } from './purge/workloads.ts';
import { emptyRecord, readRecord } from './record.ts';
import { findControlPlane } from './service/daemon.ts';
import { startControlPlane, stopControlPlane } from './service.ts';
import { controlPlaneOptions } from './setup/control-plane.ts';
import type { Ground } from './setup/step.ts';

interface PurgeOptions {
  readonly packages?: boolean;
  readonly force?: boolean;
}

const startForRemoval = async (ground: Ground): Promise<void> => {
  const { host, paths, report } = ground;
  report.progress('workloads', 'starting what is needed to remove them');
  await ensureLibvirt(host);
  const { url } = await ensureDatabase(host, paths, { external: ground.databaseUrl });
  await startControlPlane({ ...controlPlaneOptions(ground), databaseUrl: url });
};

/** Guests must go before the records that say which are ours. */
const removeGuests = async (ground: Ground, force: boolean): Promise<void> => {
  try {
    await startForRemoval(ground);
    await removeWorkloads(ground);
    await removeNetworks(ground);
  } catch (cause) {
    if (!force) {
      throw new InnkeeperError('conflict', 'The workloads could not be removed, so nothing else was', {
        cause,
        hint: 'Mend it and try again, or add --force: guests then stay in libvirt and have to be removed with virsh',
      });
    }
    ground.report.warn('workloads', 'not removed; their guests stay in libvirt');
  }
};

/** Removes the workloads, stops everything, undoes set-up. Answers what is left, which should be nothing. */
export const removeEverything = async (
  ground: Ground,
  { packages = false, force = false }: PurgeOptions,
): Promise<string[]> => {
  const { host, paths, report } = ground;
  const known = await readRecord(host, paths);
  const record = known ?? emptyRecord;
  if (known === undefined) report.say('Set-up never ran here, or its record is gone: removing what carries our name.');
  const hasInventory = ground.databaseUrl !== undefined || (await host.files.facts(`${paths.databaseData}/PG_VERSION`));
  if (hasInventory) await removeGuests(ground, force);
  const processes = [await findControlPlane(host, paths), await findServer(host, paths)].filter(
    (found) => found !== undefined,
  );
  await stopControlPlane({ host, paths });
  if (ground.databaseUrl === undefined) await stopDatabase(host, paths);
  report.done('services', 'control plane and database stopped');
  if (ground.databaseUrl !== undefined)
    report.warn('database', 'the inventory in the database of DATABASE_URL stays; drop it there');
  await undoSetup(ground, record, packages);
  const left = await findRemains(ground, record, processes);
  if (left.length === 0) report.done('check', 'nothing of Innkeeper is left');
  for (const text of left) report.warn('left', text);
  return left;
};
