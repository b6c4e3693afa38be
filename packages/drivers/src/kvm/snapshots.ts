import type { GuestRef, SnapshotGroup, SnapshotOrder } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { type DomainDescription, describeDomain, type Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import {
  changeMachineSnapshotNote,
  clearSwappedMachine,
  copyMachineSnapshot,
  dropHalfMachineSnapshot,
  guestDiskPath,
  isMachineSnapshotKept,
  isMachineSwapped,
  keepMachineSnapshot,
  listMachineSnapshots,
  type MachineState,
  removeMachineSnapshot,
  swapBackMachine,
  swapMachineSnapshot,
  volumesFolder,
} from '@innkeeper/storage';
import { absent, pauseGuest, stateOf } from '../shared/lifecycle.ts';
import type { Observer } from '../shared/observer.ts';
import { requireNothingElse, snapshotSteps } from '../shared/snapshots.ts';
import { quieting } from './quiet.ts';

/** Where libvirt keeps the TPM of a machine, and what memory it was told to save. */
const tpmFolder = (uuid: string): string => `/var/lib/libvirt/swtpm/${uuid}`;
const savedMemory = (name: string): string => `/var/lib/libvirt/qemu/save/${name}.save`;

/** Copies of a machine's disks, UEFI variables and TPM, beside its own disk. */
export const machineSnapshots = (host: Host, paths: Paths, libvirt: Libvirt, observer: Observer): SnapshotGroup => {
  const quiet = quieting(libvirt);
  const refOf = ({ uuid }: GuestRef, id: string) => ({ machine: uuid, id });

  const definitionOf = async (guest: GuestRef): Promise<DomainDescription> => {
    const xml = (await libvirt.xml([guest.uuid], { inactive: true })).get(guest.uuid);
    if (xml === undefined) throw absent(guest);
    return describeDomain(xml);
  };

  const stateFrom = ({ uuid }: GuestRef, { os, tpm }: DomainDescription): MachineState => ({
    nvram: os.nvram,
    tpm: tpm?.backend === 'emulator' ? tpmFolder(uuid) : undefined,
  });

  /** Nothing to put back where its definition is gone but the disks. */
  const stateIfThere = async (guest: GuestRef): Promise<MachineState> => {
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

  const goOn = async (guest: GuestRef, { ran }: SnapshotOrder): Promise<void> => {
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

  return snapshotSteps(libvirt, observer, {
    take: async (guest, order) => {
      const { ran, ...note } = order;
      const ref = refOf(guest, order.id);
      const definition = await definitionOf(guest);
      await dropHalfMachineSnapshot(host, paths, ref);
      await goOn(guest, order);
      await requireWhole(guest, definition);
      const state = stateFrom(guest, definition);
      if (!(await isMachineSnapshotKept(host, paths, ref)))
        await inOneMoment(guest, (held) => copyMachineSnapshot(host, paths, ref, { note, state, held }));
      await keepMachineSnapshot(host, paths, ref);
    },
    goOn,
    remove: (guest, id) => removeMachineSnapshot(host, paths, refOf(guest, id)),
    swap: async (guest, id) => {
      const { name } = guest;
      if ((await host.files.facts(savedMemory(name))) !== undefined)
        throw new InnkeeperError('conflict', `${name} has saved memory, which belongs to what its disks hold now`, {
          hint: `start it first, or virsh managedsave-remove ${name}`,
        });
      const state = stateFrom(guest, await definitionOf(guest));
      await swapMachineSnapshot(host, paths, refOf(guest, id), state);
    },
    isSwapped: ({ uuid }) => isMachineSwapped(host, paths, uuid),
    swapBack: async (guest, id) => swapBackMachine(host, paths, refOf(guest, id), await stateIfThere(guest)),
    clear: (guest, id) => clearSwappedMachine(host, paths, refOf(guest, id)),
    note: (guest, id, words) => changeMachineSnapshotNote(host, paths, refOf(guest, id), words),
    list: ({ uuid }) => listMachineSnapshots(host, paths, uuid),
  });
};
