import type { HeldDevice as DeviceRow, GuestRow } from '@innkeeper/inventory';
import { type DeviceReport, type DeviceState, type DeviceView, type HeldDevice, isSameDevice } from '@innkeeper/model';
import { isForeign } from './foreign.ts';

/** Something of a host that a guest has which we did not make, and its name with what it is to us. */
export interface ForeignHold {
  readonly device: HeldDevice;
  readonly guest: string;
}

/** One that does not run takes nothing, unless it starts by itself: what was promised meanwhile would be missing then. */
const holds = ({ state, autostart }: GuestRow['observation']): boolean => state !== 'stopped' || autostart === true;

/** What a guest that we did not make is to us; undefined where it holds nothing. An adopted one holds what it has as a workload does. */
const standingOf = (guest: GuestRow, installation: string): 'foreign' | 'adopted' | undefined => {
  if (!isForeign(guest, installation))
    return guest.observation.ownership?.adopted === undefined ? undefined : 'adopted';
  return holds(guest.observation) ? 'foreign' : undefined;
};

/** What guests of a host that we did not make hold of it. */
export const foreignHolds = (guests: readonly GuestRow[], host: string, installation: string): ForeignHold[] =>
  guests.flatMap((guest) => {
    const standing = guest.host === host ? standingOf(guest, installation) : undefined;
    if (standing === undefined) return [];
    const { name, devices = [] } = guest.observation;
    return devices.map((device) => ({ device, guest: `${name} (${standing})` }));
  });

/** Those of them that hold a device. */
const foreignHolders = (report: DeviceReport, held: readonly ForeignHold[]): string[] =>
  held.filter(({ device }) => isSameDevice(report, device)).map(({ guest }) => guest);

const stateOf = ({ state, holders }: DeviceRow, foreign: readonly string[]): DeviceState => {
  if (state !== 'free') return state;
  if (foreign.length > 0) return 'in-use';
  return holders.length > 0 ? 'claimed' : 'free';
};

/** A device as decisions and people see it: whoever holds it is named, and what a foreign guest holds is not free. */
const deviceOf = (row: DeviceRow, held: readonly ForeignHold[]): DeviceView => {
  const foreign = foreignHolders(row.report, held);
  const ours = row.holders.map(({ workload }) => workload);
  return { ...row.report, state: stateOf(row, foreign), holders: [...new Set([...ours, ...foreign])].sort() };
};

/** Whether a device may be promised to nobody: a foreign guest holds it, or another one of its IOMMU group. */
export const isForeignHeld = (
  device: DeviceReport,
  all: readonly DeviceReport[],
  held: readonly ForeignHold[],
): boolean =>
  all
    .filter(({ key, group }) => key === device.key || (group !== undefined && group === device.group))
    .some((member) => foreignHolders(member, held).length > 0);

/** All devices of a host, with those that hold them. */
export const devicesOn = (
  devices: readonly DeviceRow[],
  guests: readonly GuestRow[],
  host: string,
  installation: string,
): DeviceView[] => {
  const held = foreignHolds(guests, host, installation);
  return devices.filter((device) => device.host === host).map((device) => deviceOf(device, held));
};
