import type { Driver } from '@innkeeper/driver-contract';
import {
  type Db,
  deleteDevicesOf,
  deleteGuestsOf,
  deleteHost,
  lockHost,
  type NetworkRow,
  workloadsOn,
} from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { hostNetwork } from '../networks.ts';
import { localAddress } from './open.ts';

export const noSuchHost = (name: string): InnkeeperError =>
  new InnkeeperError('not_found', `There is no host ${name.slice(0, 80)}`, { hint: 'inn host ls shows what there is' });

const refuseUsed = (name: string, workloads: readonly string[]): void => {
  if (workloads.length === 0) return;
  throw new InnkeeperError('conflict', `${name} still has workloads: ${workloads.join(', ')}`, {
    hint: 'remove them first (inn rm); inn host drain keeps new ones away',
  });
};

/**
 * Takes a host out of the inventory, with what is known of it; what its operator had said of it. Throws `conflict` while
 * a workload is there.
 */
export const forgetHost = async (
  db: Db,
  name: string,
): Promise<{ readonly address: string; readonly labels: Readonly<Record<string, string>> }> => {
  const row = await lockHost(db, name);
  if (row === undefined) throw noSuchHost(name);
  if (row.address === localAddress)
    throw new InnkeeperError('conflict', `${name} is the machine that Innkeeper runs on, which is always a host`);
  refuseUsed(name, await workloadsOn(db, name));
  await deleteGuestsOf(db, name);
  await deleteDevicesOf(db, name);
  await deleteHost(db, name);
  return { address: row.address, labels: row.labels };
};

/** Takes from a host without workloads what was put there for them: networks of ours, and what its driver needed. */
export const cleanHost = async (
  driver: Driver,
  networks: readonly NetworkRow[],
  installation: string,
): Promise<void> => {
  for (const row of networks) await driver.removeNetwork?.(hostNetwork(installation, row));
  await driver.uninstall?.();
};
