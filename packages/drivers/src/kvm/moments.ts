import type { GuestRef } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { type DomainDescription, describeDomain, type Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import {
  copyMachineSnapshot,
  dropHalfMachineSnapshot,
  guestDiskPath,
  isMachineSnapshotKept,
  keepMachineSnapshot,
  type MachineSnapshotRef,
  type MachineState,
  type SnapshotNote,
  volumesFolder,
} from '@innkeeper/storage';
import { absent, pauseGuest, stateOf } from '../shared/lifecycle.ts';
import { requireNothingElse } from '../shared/snapshots.ts';
import { quieting } from './quiet.ts';
import { tpmFolder } from './xml.ts';

/** What copies of all that a machine holds have in common. */
export interface Moments {
  /** A whole copy of one moment; a machine that runs stands still meanwhile. Repeated it begins anew until it is whole. */
  readonly take: (guest: GuestRef, ran: boolean, ref: MachineSnapshotRef, note: SnapshotNote) => Promise<void>;
  /** One that a kill left standing still. */
  readonly goOn: (guest: GuestRef, ran: boolean) => Promise<void>;
  /** Where it keeps what is not on its disks, by its definition. */
  readonly stateOf: (guest: GuestRef) => Promise<MachineState>;
  /** As {@link stateOf}, and nothing where its definition is gone. */
  readonly stateIfThere: (guest: GuestRef) => Promise<MachineState>;
}

export const moments = (host: Host, paths: Paths, libvirt: Libvirt): Moments => {
  const quiet = quieting(libvirt);

  const definitionOf = async (guest: GuestRef): Promise<DomainDescription> => {
    const xml = (await libvirt.xml([guest.uuid], { inactive: true })).get(guest.uuid);
    if (xml === undefined) throw absent(guest);
    return describeDomain(xml);
  };

  const stateFrom = ({ uuid }: GuestRef, { os, tpm }: DomainDescription): MachineState => ({
    nvram: os.nvram,
    tpm: tpm?.backend === 'emulator' ? tpmFolder(uuid) : undefined,
  });

  const stateIfThere: Moments['stateIfThere'] = async (guest) => {
    const xml = (await libvirt.xml([guest.uuid], { inactive: true })).get(guest.uuid);
    return xml === undefined ? { nvram: undefined, tpm: undefined } : stateFrom(guest, describeDomain(xml));
  };

  /** What it writes into beside its own disks, by its definition or as it runs, would not go back with the rest. */
  const requireWhole = async (guest: GuestRef, definition: DomainDescription): Promise<void> => {
    const { uuid, name } = guest;
    const live = (await libvirt.xml([uuid])).get(uuid);
    const isHeld = (source: string): boolean =>
      source === guestDiskPath(paths, uuid) || source.startsWith(`${volumesFolder(paths, uuid)}/`);
    const others = [definition, ...(live === undefined ? [] : [describeDomain(live)])].flatMap(
      ({ disks, filesystems }) => [
        ...disks.filter(({ readonly, source }) => !readonly && source !== undefined && !isHeld(source)),
        ...filesystems.filter(({ readonly }) => !readonly),
      ],
    );
    requireNothingElse(name, [...new Set(others.map(({ source, target }) => `${target} (${source ?? 'memory'})`))]);
  };

  const goOn: Moments['goOn'] = async (guest, ran) => {
    if (!ran) return;
    if ((await stateOf(libvirt, guest.uuid)) === 'paused') await libvirt.resume(guest.uuid);
    if ((await stateOf(libvirt, guest.uuid)) === 'running') await quiet.thawLeft(guest);
  };

  /** Stands still for as long as `work` takes; QEMU has written everything to its files by then. */
  const standingStill = async (guest: GuestRef, work: () => Promise<void>): Promise<void> => {
    const frozen = await quiet.freeze(guest);
    try {
      await pauseGuest(libvirt, guest);
      await work();
    } finally {
      if ((await stateOf(libvirt, guest.uuid)) === 'paused') await libvirt.resume(guest.uuid);
      if (frozen !== 'no') await quiet.thaw(guest, frozen);
    }
  };

  const inOneMoment = async (guest: GuestRef, copy: (held: boolean) => Promise<void>): Promise<void> => {
    const { uuid, name } = guest;
    const copyHeld = async (): Promise<void> => {
      await copy(true);
      if ((await stateOf(libvirt, uuid)) === 'running')
        throw new InnkeeperError('transient', `Somebody let ${name} go on while it was copied`);
    };
    const state = await stateOf(libvirt, uuid);
    switch (state) {
      case 'running':
        return standingStill(guest, copyHeld);
      case 'paused':
        return copyHeld();
      case 'stopped':
        return copy(false);
      default:
        throw new InnkeeperError('conflict', `${name} neither runs nor is it paused or stopped`, {
          hint: 'ask again when it has come up, or has stopped',
        });
    }
  };

  return {
    take: async (guest, ran, ref, note) => {
      const definition = await definitionOf(guest);
      await dropHalfMachineSnapshot(host, paths, ref);
      await goOn(guest, ran);
      await requireWhole(guest, definition);
      const state = stateFrom(guest, definition);
      if (!(await isMachineSnapshotKept(host, paths, ref)))
        await inOneMoment(guest, (held) => copyMachineSnapshot(host, paths, ref, { note, state, held }));
      await keepMachineSnapshot(host, paths, ref);
    },
    goOn,
    stateOf: async (guest) => stateFrom(guest, await definitionOf(guest)),
    stateIfThere,
  };
};
