import type { HeldDevice as DeviceRow, GuestRow } from '@innkeeper/inventory';
import { type DeviceReport, type DeviceState, type DeviceView, type HeldDevice, isSameDevice } from '@innkeeper/model';
import { isForeign } from './foreign.ts';

/** Something of a host that a guest which is not ours has, and its name. */
export interface ForeignHold {
  readonly device: HeldDevice;
  readonly guest: string;
}

/** One that does not run takes nothing, unless it starts by itself: what was promised meanwhile would be missing then. */
const holds = ({ state, autostart }: GuestRow['observation']): boolean => state !== 'stopped' || autostart === true;

/** What guests of a host that are not ours hold of it. */
export const foreignHolds = (guests: readonly GuestRow[], host: string, installation: string): ForeignHold[] =>
  guests
    .filter((guest) => guest.host === host && isForeign(guest, installation) && holds(guest.observation))
    .flatMap(({ observation }) => (observation.devices ?? []).map((device) => ({ device, guest: observation.name })));

/** Names of the foreign guests that hold a device. */
const foreignHolders = (report: DeviceReport, held: readonly ForeignHold[]): string[] =>
  held.filter(({ device }) => isSameDevice(report, device)).map(({ guest }) => `${guest} (foreign)`);

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
