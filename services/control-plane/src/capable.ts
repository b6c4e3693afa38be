import { listHosts, type WorkloadRow } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { notFound } from './asker.ts';
import { type Control, driverOf } from './control.ts';

/** Groups of a driver's functions that are told by one of them, with what people call that. */
const groups = {
  snapshots: { part: 'snapshot', called: 'snapshots' },
  backup: { part: 'backup', called: 'backups' },
} as const;

/** Throws `unsupported` with the words of a workload's driver where that makes none, and `not_found` before it is placed. Returns its host. */
export const requireCapable = async (
  control: Control,
  { name, placed }: Pick<WorkloadRow, 'name' | 'placed'>,
  group: keyof typeof groups,
): Promise<string> => {
  if (placed === null) throw notFound(name);
  const { host, driver } = placed;
  const { part, called } = groups[group];
  if (driverOf(control, host, driver)[part] !== undefined) return host;
  const report = (await listHosts(control.inventory.db))
    .find((one) => one.name === host)
    ?.drivers.find((one) => one.driver === driver);
  const why = report?.capabilities[group]?.reasonIfAbsent ?? `the driver ${driver} makes none`;
  throw new InnkeeperError('unsupported', `There are no ${called} of ${name}: ${why}`);
};
