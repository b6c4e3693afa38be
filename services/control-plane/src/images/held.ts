import { findSnapshot, findWorkload } from '@innkeeper/inventory';
import { InnkeeperError, isAdopted } from '@innkeeper/model';
import type { HeldSource } from '@innkeeper/storage';
import { notFound } from '../asker.ts';
import type { Control } from '../control.ts';
import { localManaged } from './library.ts';

/**
 * What a container of this machine held in a snapshot. Throws `not_found` for what there is none of, `conflict` for one that
 * was adopted or is elsewhere, `unsupported` for what is no container of the driver `lxc`.
 */
export const heldBy = async (control: Control, workload: string, snapshot: string): Promise<HeldSource> => {
  const { db } = control.inventory;
  const row = await findWorkload(db, workload);
  if (row?.placed == null) throw notFound(workload);
  if (isAdopted(row.spec))
    throw new InnkeeperError('conflict', `${workload} was adopted: what it stands on is its owner's`, {
      hint: 'its own tools can pack it, and inn image import takes the file',
    });
  const { host, driver } = row.placed;
  if (driver !== 'lxc')
    throw new InnkeeperError(
      'unsupported',
      `${workload} runs on ${driver}: images are published from containers of lxc`,
      {
        hint: 'inn cp takes files out of it',
      },
    );
  const here = localManaged(control).name;
  if (host !== here)
    throw new InnkeeperError(
      'conflict',
      `${workload} is on ${host}: images are kept on ${here}, and nothing is sent there yet`,
    );
  const found = await findSnapshot(db, row.id, snapshot);
  if (found?.state !== 'ready')
    throw new InnkeeperError('not_found', `There is no snapshot ${snapshot.slice(0, 100)} of ${workload}`, {
      hint: `inn snapshot ls ${workload} shows those that there are`,
    });
  return { root: row.id, id: found.id, workload, snapshot };
};
