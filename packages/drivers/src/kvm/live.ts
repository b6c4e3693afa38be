import { setTimeout as delay } from 'node:timers/promises';
import type { GuestRef } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { type DomainDescription, describeDomain, type Libvirt } from '@innkeeper/libvirt';
import { formatSize, InnkeeperError, type Paths } from '@innkeeper/model';
import { diskSize, guestDiskPath, resizeGuestDisk } from '@innkeeper/storage';
import { stateOf } from '../shared/lifecycle.ts';
import type { ChangeLive } from '../shared/redefine.ts';
import { requireRoom } from '../shared/shrink.ts';
import { memoryInUse } from './memory.ts';

/** How long a guest's balloon may take; one without the driver never moves, and gets its memory at the next start. */
const balloonMs = 8000;
const lookAgainMs = 100;

const checkShrink = async (libvirt: Libvirt, guest: GuestRef, bytes: number): Promise<void> => {
  const now = (await libvirt.domstats()).find(({ uuid }) => uuid === guest.uuid);
  // Without the balloon's own figures QEMU's memory is all that is known, and says nothing of what the guest needs.
  if (now?.balloon.availableBytes === undefined) return;
  requireRoom(guest.name, memoryInUse(now) ?? 0, bytes);
};

const moveBalloon = async (libvirt: Libvirt, { uuid }: GuestRef, bytes: number): Promise<void> => {
  await libvirt.setMemory(uuid, bytes, ['live']);
  const deadline = Date.now() + balloonMs;
  for (;;) {
    const xml = (await libvirt.xml([uuid])).get(uuid);
    if (xml === undefined || describeDomain(xml).memoryBytes === bytes || Date.now() > deadline) return;
    await delay(lookAgainMs);
  }
};

/** `r` gives a virtual processor back all of the host's. */
const pin = async (libvirt: Libvirt, { uuid }: GuestRef, live: DomainDescription, wanted: DomainDescription) => {
  for (let vcpu = 0; vcpu < live.vcpus; vcpu += 1) {
    const cpus = wanted.tuning.pinning[vcpu] ?? wanted.tuning.pinning[0] ?? 'r';
    if (live.tuning.pinning[vcpu] !== cpus) await libvirt.pinProcessor(uuid, vcpu, cpus);
  }
  await libvirt.pinProcessor(uuid, 'emulator', wanted.tuning.pinning[0] ?? 'r');
};

/** Memory within what the machine was started with, weight and pinning act at once. */
export const changeMachine =
  (libvirt: Libvirt, guest: GuestRef): ChangeLive =>
  async (live, wanted) => {
    const memory = wanted.memoryBytes ?? 0;
    if (memory < (live.memoryBytes ?? 0)) await checkShrink(libvirt, guest, memory);
    if (memory !== live.memoryBytes && memory <= (live.maxMemoryBytes ?? 0)) await moveBalloon(libvirt, guest, memory);
    const { shares, pinning } = wanted.tuning;
    if (shares !== undefined && shares !== live.tuning.shares) await libvirt.setScheduler(guest.uuid, { shares });
    if (JSON.stringify(pinning) !== JSON.stringify(live.tuning.pinning)) await pin(libvirt, guest, live, wanted);
  };

interface Growth {
  readonly uuid: string;
  readonly paths: Paths;
  readonly bytes: number;
}

/** True when the root disk was smaller. The file system on it is the guest's to grow. Throws `conflict` for a smaller one. */
export const growDisk = async (host: Host, libvirt: Libvirt, { uuid, paths, bytes }: Growth): Promise<boolean> => {
  const now = await diskSize(host, guestDiskPath(paths, uuid));
  if (now === bytes) return false;
  if (now > bytes)
    throw new InnkeeperError('conflict', `The disk has ${formatSize(now)}: it only grows, not to ${formatSize(bytes)}`);
  const state = await stateOf(libvirt, uuid);
  if (state === 'running' || state === 'paused') await libvirt.resizeDisk(uuid, guestDiskPath(paths, uuid), bytes);
  else await resizeGuestDisk(host, paths, uuid, bytes);
  return true;
};
