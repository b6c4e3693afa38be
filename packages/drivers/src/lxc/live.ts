import type { GuestPlan, GuestRef } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import type { Definition } from '../shared/definition.ts';
import { changeInterfaces } from '../shared/live-devices.ts';
import { cpusOf, memoryOf } from '../shared/pending.ts';
import type { ChangeLive } from '../shared/redefine.ts';
import { requireRoom } from '../shared/shrink.ts';
import { cpuPeriod } from '../shared/tuning.ts';
import { configureInterface, interfaceElement } from './interfaces.ts';
import { containerStats } from './stats.ts';

/** The kernel of v2 would kill what does not fit; that of v1 refuses without saying of what. */
const checkShrink = async (host: Host, guest: GuestRef, bytes: number): Promise<void> => {
  const stats = await containerStats(host, [guest], async () => new Map());
  requireRoom(guest.name, stats.get(guest.uuid)?.memoryBytes ?? 0, bytes);
};

/**
 * Memory, processor time, weight and network interfaces act at once; other processors, volumes and other limits of an
 * interface only from the next start on: libvirt has no call for them.
 */
export const changeContainer =
  (host: Host, libvirt: Libvirt, guest: GuestPlan): ChangeLive =>
  async (live, wanted) => {
    const memory = memoryOf(wanted);
    if (memory < memoryOf(live)) await checkShrink(host, guest, memory);
    if (memory !== memoryOf(live)) await libvirt.setMemoryLimit(guest.uuid, memory);
    const { shares } = wanted.tuning;
    const quota = cpusOf(wanted) === cpusOf(live) ? undefined : cpuPeriod * cpusOf(wanted);
    const weight = shares === live.tuning.shares ? undefined : shares;
    if (quota !== undefined || weight !== undefined)
      await libvirt.setScheduler(guest.uuid, {
        ...(quota === undefined ? {} : { quota }),
        ...(weight === undefined ? {} : { shares: weight }),
      });
    const { claims, spec } = guest.definition as unknown as Definition;
    const { networks } = claims;
    const elements = new Map(
      networks.map((claim, position) => [claim.mac, interfaceElement(claim, position, spec.networks[position])]),
    );
    const added = await changeInterfaces(libvirt, guest.uuid, live, elements);
    for (const [position, claim] of networks.entries())
      if (added.includes(claim.mac)) await configureInterface(host, guest, claim, position);
  };
