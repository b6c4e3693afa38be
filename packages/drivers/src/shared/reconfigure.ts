import type { GuestPlan, Reconfigured } from '@innkeeper/driver-contract';
import type { Libvirt } from '@innkeeper/libvirt';
import type { Definition } from './definition.ts';
import { releaseAddresses, reserveAddresses } from './networks.ts';
import type { Observer } from './observer.ts';
import { type ChangeLive, redefine } from './redefine.ts';

/** {@link redefine}, between telling the DHCP servers of the addresses that come and of those that go. */
export const reconfigureGuest = async (
  libvirt: Libvirt,
  guests: Observer,
  plan: GuestPlan,
  xml: string,
  change: ChangeLive,
): Promise<Reconfigured> => {
  const { networks, leaving = [] } = (plan.definition as unknown as Definition).claims;
  const before = await guests.description(plan.uuid);
  const known = new Set(before?.interfaces.flatMap(({ mac }) => (mac === undefined ? [] : [mac.toLowerCase()])));
  await reserveAddresses(libvirt, plan.name, networks, known);
  const changed = await redefine(libvirt, plan, xml, change);
  await releaseAddresses(libvirt, plan.name, leaving);
  guests.forget(plan.name);
  return changed;
};
