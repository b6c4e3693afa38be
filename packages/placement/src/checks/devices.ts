import { type CheckResult, type DeviceRequest, deviceMatches } from '@innkeeper/model';
import type { DeviceSnapshot, HostSnapshot, PlacementRequest } from '../snapshot.ts';
import { failed, failedForNow, passed } from './check.ts';

const isFree = (device: DeviceSnapshot): boolean =>
  (device.state === 'free' || (device.state === 'claimed' && device.slots > 1)) && device.holders.length < device.slots;

/** An IOMMU group is given away whole: one member that is not free keeps all of them. */
const blockersOf = (device: DeviceSnapshot, all: readonly DeviceSnapshot[]): DeviceSnapshot[] => {
  const members = device.group === undefined ? [device] : all.filter(({ group }) => group === device.group);
  return members.filter((member) => !isFree(member));
};

const whyTaken = (device: DeviceSnapshot, all: readonly DeviceSnapshot[]): string => {
  const [blocker = device] = blockersOf(device, all);
  const name = blocker === device ? device.title : `${device.title} shares an IOMMU group with ${blocker.title}, which`;
  if (blocker.holders.length > 0) return `${name} is held by ${blocker.holders.join(', ')}`;
  if (blocker.state === 'host') return `${name} is needed by the host itself`;
  return `${name} is ${blocker.state.replace('-', ' ')}`;
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
): CheckResult => {
  const check = `device:${position}`;
  const matching = host.devices.filter((device) => deviceMatches(device, wanted));
  if (given !== undefined) return passed(check, wanted.text, { have: given.title, text: `${given.title} is free` });
  const [first] = matching;
  if (first === undefined) {
    const text = `needs a device ${wanted.text}; ${host.name} has none`;
    return failed(check, wanted.text, 'device_missing', { have: 'none', text });
  }
  const taken = matching.filter((device) => blockersOf(device, host.devices).length > 0);
  const reasons = taken.map((device) => whyTaken(device, host.devices));
  const text =
    reasons.length > 0
      ? reasons.join('; ')
      : `${host.name} has ${matching.length} of ${wanted.text}, and more are asked for`;
  // What the host needs itself, and more than there are, will not come free.
  const hopeless =
    matching.length === taken.length &&
    taken.every((one) => blockersOf(one, host.devices).some(({ state }) => state === 'host'));
  const fail = hopeless || taken.length === 0 ? failed : failedForNow;
  return fail(check, wanted.text, 'device_taken', {
    have: `${matching.length - taken.length} free of ${matching.length}`,
    text,
  });
};

/** A check for each device that is asked for. Concrete devices are picked when they are claimed, not here. */
export const deviceChecks = (host: HostSnapshot, { spec }: PlacementRequest): CheckResult[] => {
  if (spec.devices.length === 0) return [];
  const wishes = spec.devices.map((wanted) =>
    host.devices.filter((device) => deviceMatches(device, wanted) && blockersOf(device, host.devices).length === 0),
  );
  const given = assign(wishes);
  return spec.devices.map((wanted, position) => checkOne(host, wanted, position, given.get(position)));
};

/** Free devices of a host that somebody may need more than a workload that asks for none. */
export const freeExclusive = (host: HostSnapshot): DeviceSnapshot[] =>
  host.devices.filter((device) => device.class === 'gpu' && isFree(device));
