import { findWorkload, listHosts } from '@innkeeper/inventory';
import { type CapabilityName, InnkeeperError, whyNot } from '@innkeeper/model';
import { type Control, driverOf } from '../../control.ts';
import { workloadViews } from '../../views.ts';

/** The guest of a workload with its driver. Throws `not_found`, or `conflict` with the reason why it cannot be done now. */
export const placedGuest = async (control: Control, name: string, action: 'exec' | 'console' | 'screen') => {
  const row = await findWorkload(control.inventory.db, name);
  if (row === undefined)
    throw new InnkeeperError('not_found', `There is no workload ${name}`, { hint: 'inn ls shows what there is' });
  const [view] = await workloadViews(control, { stats: false, names: [name] });
  const reason = view === undefined ? undefined : whyNot(action, view.state);
  if (reason !== undefined) throw new InnkeeperError('conflict', `${name}: ${reason}`);
  if (row.placed === null) throw new InnkeeperError('conflict', `${name} has no guest`);
  return {
    guest: { uuid: row.id, name },
    driver: driverOf(control, row.placed.host, row.placed.driver),
    placed: row.placed,
  };
};

/** What a guest's driver said of itself when its host was looked at last. */
export const canDo = async (
  control: Control,
  placed: { readonly host: string; readonly driver: string },
  name: CapabilityName,
): Promise<boolean> => {
  const host = (await listHosts(control.inventory.db)).find((one) => one.name === placed.host);
  return host?.drivers.find(({ driver }) => driver === placed.driver)?.capabilities[name]?.value === true;
};
