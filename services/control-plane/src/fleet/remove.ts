import { type Db, deleteDevicesOf, deleteGuestsOf, deleteHost, lockHost, workloadsOn } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { localAddress } from './open.ts';

export const noSuchHost = (name: string): InnkeeperError =>
  new InnkeeperError('not_found', `There is no host ${name.slice(0, 80)}`, { hint: 'inn host ls shows what there is' });

const refuseUsed = (name: string, workloads: readonly string[]): void => {
  if (workloads.length === 0) return;
  throw new InnkeeperError('conflict', `${name} still has workloads: ${workloads.join(', ')}`, {
    hint: 'remove them first (inn rm); inn host drain keeps new ones away',
  });
};

/** Takes a host out of the inventory, with what is known of it. Throws `conflict` while a workload is there. */
export const forgetHost = async (db: Db, name: string): Promise<void> => {
  const row = await lockHost(db, name);
  if (row === undefined) throw noSuchHost(name);
  if (row.address === localAddress)
    throw new InnkeeperError('conflict', `${name} is the machine that Innkeeper runs on, which is always a host`);
  refuseUsed(name, await workloadsOn(db, name));
  await deleteGuestsOf(db, name);
  await deleteDevicesOf(db, name);
  await deleteHost(db, name);
};
