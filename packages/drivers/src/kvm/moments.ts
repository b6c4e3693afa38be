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
  /** Where it keeps what is not on its disks, by its definition. Throws `not_found` without one. */
  readonly stateOfMade: (guest: GuestRef) => Promise<MachineState>;
  /** As {@link stateOfMade}; nothing where its definition is gone but the disks. */
  readonly stateIfThere: (guest: GuestRef) => Promise<MachineState>;
  /** What it writes into beside its own disks, by its definition or as it runs, would not come along. */
  readonly requireWhole: (guest: GuestRef) => Promise<void>;
  /** It stands still where it runs; `held` says whether QEMU has its disks open. */
  readonly inOneMoment: (guest: GuestRef, copy: (held: boolean) => Promise<void>) => Promise<void>;
  /** A whole copy of one moment beside its disk. Repeated it begins anew until it is whole, and changes nothing then. */
  readonly take: (guest: GuestRef, ran: boolean, ref: MachineSnapshotRef, note: SnapshotNote) => Promise<void>;
  /** One that ran and that a kill left standing still, or with frozen file systems. */
  readonly goOn: (guest: GuestRef, ran: boolean) => Promise<void>;
}

export const moments = (host: Host, paths: Paths, libvirt: Libvirt): Moments => {
  const quiet = quieting(libvirt);

  const definitionIfThere = async ({ uuid }: GuestRef): Promise<DomainDescription | undefined> => {
    const xml = (await libvirt.xml([uuid], { inactive: true })).get(uuid);
    return xml === undefined ? undefined : describeDomain(xml);
  };
  const definitionOf = async (guest: GuestRef): Promise<DomainDescription> => {
    const definition = await definitionIfThere(guest);
    if (definition === undefined) throw absent(guest);
    return definition;
  };

  const stateFrom = ({ uuid }: GuestRef, { os, tpm }: DomainDescription): MachineState => ({
    nvram: os.nvram,
    tpm: tpm?.backend === 'emulator' ? tpmFolder(uuid) : undefined,
  });

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

  const stateOfMade: Moments['stateOfMade'] = async (guest) => stateFrom(guest, await definitionOf(guest));

  const requireWhole: Moments['requireWhole'] = async (guest) => {
    const { uuid, name } = guest;
    const definition = await definitionOf(guest);
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

  const inOneMoment: Moments['inOneMoment'] = async (guest, copy) => {
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

  const goOn: Moments['goOn'] = async (guest, ran) => {
    if (!ran) return;
    if ((await stateOf(libvirt, guest.uuid)) === 'paused') await libvirt.resume(guest.uuid);
    if ((await stateOf(libvirt, guest.uuid)) === 'running') await quiet.thawLeft(guest);
  };

  return {
    stateOfMade,
    stateIfThere: async (guest) => {
      const definition = await definitionIfThere(guest);
      return definition === undefined ? { nvram: undefined, tpm: undefined } : stateFrom(guest, definition);
    },
    requireWhole,
    inOneMoment,
    take: async (guest, ran, ref, note) => {
      const state = await stateOfMade(guest);
      await dropHalfMachineSnapshot(host, paths, ref);
      await goOn(guest, ran);
      await requireWhole(guest);
      if (!(await isMachineSnapshotKept(host, paths, ref)))
        await inOneMoment(guest, (held) => copyMachineSnapshot(host, paths, ref, { note, state, held }));
      await keepMachineSnapshot(host, paths, ref);
    },
    goOn,
  };
};
