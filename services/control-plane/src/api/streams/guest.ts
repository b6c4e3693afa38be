import { findPlaced } from '@innkeeper/inventory';
import { type CapabilityName, type DriverReport, InnkeeperError, whyNot } from '@innkeeper/model';
import { type Control, driverOf } from '../../control.ts';
import { guestRefOf } from '../../guest-ref.ts';
import { stateOf } from '../../views.ts';

/** The guest of a workload with its driver. Throws `not_found`, or `conflict` with the reason why it cannot be done now. */
export const placedGuest = async (control: Control, name: string, action: 'exec' | 'files' | 'console' | 'screen') => {
  const found = await findPlaced(control.inventory.db, name);
  if (found === undefined)
    throw new InnkeeperError('not_found', `There is no workload ${name}`, { hint: 'inn ls shows what there is' });
  const { workload, host, guest, waiting } = found;
  const state = stateOf(workload, host ?? undefined, guest ?? undefined, waiting);
  const reason = whyNot(action, state);
  if (reason !== undefined) throw new InnkeeperError('conflict', `${name}: ${reason}`);
  const { placed } = workload;
  if (placed === null) throw new InnkeeperError('conflict', `${name} has no guest`);
  return {
    state,
    guest: guestRefOf(workload),
    driver: driverOf(control, placed.host, placed.driver),
    placed,
    /** What the driver said of itself when its host was looked at last. */
    report: host?.drivers.find(({ driver }) => driver === placed.driver),
  };
};

export const canDo = (report: DriverReport | undefined, name: CapabilityName): boolean =>
  report?.capabilities[name]?.value === true;
