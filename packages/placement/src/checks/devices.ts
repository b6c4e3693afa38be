import { type CheckResult, type DeviceRequest, deviceMatches } from '@innkeeper/model';
import type { DeviceSnapshot, HostSnapshot, PlacementRequest } from '../snapshot.ts';
import { failed, failedForNow, passed } from './check.ts';

const classText: Readonly<Record<DeviceRequest['class'], string>> = {
  gpu: 'a GPU',
  pci: 'a PCI device',
  usb: 'a USB device',
  render: 'a shared GPU',
};

/** `a GPU (vendor nvidia)` */
export const deviceText = ({ class: kind, where }: DeviceRequest): string => {
  const said = Object.entries(where).map(([key, value]) => `${key} ${value}`);
  return said.length === 0 ? classText[kind] : `${classText[kind]} (${said.join(', ')})`;
};

const isFree = (device: DeviceSnapshot): boolean =>
  (device.state === 'free' || (device.state === 'claimed' && device.slots > 1)) && device.holders.length < device.slots;

/** An IOMMU group is given away whole: one member that is not free keeps all of them. */
const blockersOf = (device: DeviceSnapshot, all: readonly DeviceSnapshot[]): DeviceSnapshot[] => {
  const members = device.group === undefined ? [device] : all.filter(({ group }) => group === device.group);
  return members.filter((member) => !isFree(member));
};

const stateText: Readonly<Record<DeviceSnapshot['state'], string>> = {
  free: 'is free',
  claimed: 'is claimed',
  'in-use': 'is in use by something else',
  'needs-reset': 'has to be reset first',
  missing: 'is not there any more',
  host: 'is needed by the host itself',
};

const whyTaken = (device: DeviceSnapshot, all: readonly DeviceSnapshot[]): string => {
  const blockers = blockersOf(device, all);
  const blocker = blockers.includes(device) ? device : (blockers[0] ?? device);
  const name = blocker === device ? device.title : `${device.title} shares an IOMMU group with ${blocker.title}, which`;
  if (blocker.holders.length > 0) return `${name} is held by ${blocker.holders.join(', ')}`;
  return `${name} ${stateText[blocker.state]}`;
};

/** Which device each request gets: as many as possible (Kuhn's algorithm; requests and devices are few). */
const assign = (wishes: readonly (readonly DeviceSnapshot[])[]): ReadonlyMap<number, DeviceSnapshot> => {
  const holder = new Map<string, number>();
  const given = new Map<number, DeviceSnapshot>();
  const tryGive = (request: number, seen: Set<string>): boolean => {
    for (const device of wishes[request] ?? []) {
      for (let slot = device.holders.length; slot < device.slots; slot += 1) {
        const place = `${device.key} ${slot}`;
        if (seen.has(place)) continue;
        seen.add(place);
        const other = holder.get(place);
        if (other !== undefined && !tryGive(other, seen)) continue;
        holder.set(place, request);
        given.set(request, device);
        return true;
      }
    }
    return false;
  };
  for (let request = 0; request < wishes.length; request += 1) tryGive(request, new Set());
  return given;
};

const checkOne = (
  host: HostSnapshot,
  wanted: DeviceRequest,
  position: number,
  given: DeviceSnapshot | undefined,
  everPossible: boolean,
): CheckResult => {
  const check = `device:${position}`;
  const need = deviceText(wanted);
  const matching = host.devices.filter((device) => deviceMatches(device, wanted));
  if (given !== undefined) return passed(check, need, { have: given.title, text: `${given.title} is free` });
  const [first] = matching;
  if (first === undefined) {
    const text = `it needs ${need}; ${host.name} has none`;
    return failed(check, need, 'device_missing', { have: 'none', text });
  }
  const taken = matching.filter((device) => blockersOf(device, host.devices).length > 0);
  const reasons = taken.map((device) => whyTaken(device, host.devices));
  const text =
    reasons.length > 0
      ? reasons.join('; ')
      : `it needs ${need}; ${host.name} has ${matching.length}, and more are asked for`;
  const fail = everPossible ? failedForNow : failed;
  return fail(check, need, 'device_taken', {
    have: `${matching.length - taken.length} free of ${matching.length}`,
    text,
  });
};

const assignFrom = (
  devices: readonly DeviceSnapshot[],
  { spec }: PlacementRequest,
): ReadonlyMap<number, DeviceSnapshot> =>
  assign(spec.devices.map((wanted) => devices.filter((device) => deviceMatches(device, wanted))));

const freeOf = ({ devices }: HostSnapshot): DeviceSnapshot[] =>
  devices.filter((device) => blockersOf(device, devices).length === 0);

/** What could come free: all but what the host needs itself, and what shares an IOMMU group with that. */
const everFreeOf = ({ devices }: HostSnapshot): DeviceSnapshot[] =>
  devices
    .filter((device) => blockersOf(device, devices).every(({ state }) => state !== 'host'))
    .map((device) => ({ ...device, holders: [] }));

/** A free device for each request that can have one, by the position of the request. */
export const assignDevices = (host: HostSnapshot, request: PlacementRequest): ReadonlyMap<number, DeviceSnapshot> =>
  assignFrom(freeOf(host), request);

/** A check for each device that is asked for. Concrete devices are picked when they are claimed, not here. */
export const deviceChecks = (host: HostSnapshot, request: PlacementRequest): CheckResult[] => {
  const { devices } = request.spec;
  if (devices.length === 0) return [];
  const given = assignDevices(host, request);
  // More devices never take one from a request: what is given now is given then as well.
  const ever = given.size === devices.length ? given : assignFrom(everFreeOf(host), request);
  return devices.map((wanted, position) => checkOne(host, wanted, position, given.get(position), ever.has(position)));
};

/** Free devices of a host that somebody may need more than a workload that asks for none. */
export const freeExclusive = (host: HostSnapshot): DeviceSnapshot[] =>
  freeOf(host).filter((device) => device.class === 'gpu');
