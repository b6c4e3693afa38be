import { setTimeout as delay } from 'node:timers/promises';
import type { GuestPlan, GuestRef } from '@innkeeper/driver-contract';
import { type DomainDescription, describeDomain, type Libvirt } from '@innkeeper/libvirt';
import type { Paths } from '@innkeeper/model';
import { volumeDiskPath, volumesFolder } from '@innkeeper/storage';
import { limitOf } from '../shared/bandwidth.ts';
import type { Definition } from '../shared/definition.ts';
import { changeDisks, changeInterfaces } from '../shared/live-devices.ts';
import type { ChangeLive } from '../shared/redefine.ts';
import { requireRoom } from '../shared/shrink.ts';
import { memoryInUse } from './memory.ts';
import { changeProcessors } from './processors.ts';
import { nic, volumeElement } from './xml.ts';

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
  for (let vcpu = 0; vcpu < live.maxVcpus; vcpu += 1) {
    const cpus = wanted.tuning.pinning[vcpu] ?? wanted.tuning.pinning[0] ?? 'r';
    if (live.tuning.pinning[vcpu] !== cpus) await libvirt.pinProcessor(uuid, vcpu, cpus);
  }
  await libvirt.pinProcessor(uuid, 'emulator', wanted.tuning.pinning[0] ?? 'r');
};

/** Of interfaces that the machine had before: a new one comes with its limit. */
const changeLimits = async (
  libvirt: Libvirt,
  { uuid, claims, spec }: Definition,
  live: DomainDescription,
): Promise<void> => {
  for (const [at, { mac }] of claims.networks.entries()) {
    const there = live.interfaces.find((one) => one.mac === mac);
    const wanted = limitOf(spec.networks[at]) ?? 0;
    if (there === undefined || (there.bandwidth?.inbound ?? 0) === wanted) continue;
    await libvirt.limitInterface(uuid, mac, wanted);
  }
};

/** Interfaces and volumes, as far as the machine has slots and lets go. */
const changeDevices = async (
  libvirt: Libvirt,
  paths: Paths,
  definition: Definition,
  live: DomainDescription,
): Promise<void> => {
  const { uuid, claims, spec } = definition;
  const interfaces = new Map(claims.networks.map((claim, at) => [claim.mac, nic(definition, claim, at)]));
  await changeInterfaces(libvirt, uuid, live, interfaces);
  await changeLimits(libvirt, definition, live);
  const disks = new Map(
    spec.volumes.map(({ name }) => [
      volumeDiskPath(paths, uuid, name),
      (target: string) => volumeElement(paths, uuid, name, target),
    ]),
  );
  await changeDisks(libvirt, uuid, live, { below: volumesFolder(paths, uuid), wanted: disks });
};

/** Memory and processors within what the machine was started with, weight, pinning, interfaces and volumes act at once. */
export const changeMachine =
  (libvirt: Libvirt, paths: Paths, guest: GuestPlan): ChangeLive =>
  async (live, wanted) => {
    const memory = wanted.memoryBytes ?? 0;
    if (memory < (live.memoryBytes ?? 0)) await checkShrink(libvirt, guest, memory);
    if (memory !== live.memoryBytes && memory <= (live.maxMemoryBytes ?? 0)) await moveBalloon(libvirt, guest, memory);
    await changeProcessors(libvirt, guest.uuid, live, wanted.vcpus);
    const { shares, pinning } = wanted.tuning;
    if (shares !== undefined && shares !== live.tuning.shares) await libvirt.setScheduler(guest.uuid, { shares });
    if (JSON.stringify(pinning) !== JSON.stringify(live.tuning.pinning)) await pin(libvirt, guest, live, wanted);
    await changeDevices(libvirt, paths, guest.definition as unknown as Definition, live);
  };
