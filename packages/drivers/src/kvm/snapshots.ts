import type { GuestRef, SnapshotGroup } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import {
  changeMachineSnapshotNote,
  clearSwappedMachine,
  isMachineSwapped,
  listMachineSnapshots,
  removeMachineSnapshot,
  swapBackMachine,
  swapMachineSnapshot,
} from '@innkeeper/storage';
import type { Observer } from '../shared/observer.ts';
import { snapshotSteps } from '../shared/snapshots.ts';
import type { Moments } from './moments.ts';

/** Where libvirt keeps what memory of a machine it was told to save. */
const savedMemory = (name: string): string => `/var/lib/libvirt/qemu/save/${name}.save`;

interface Means {
  readonly host: Host;
  readonly paths: Paths;
  readonly libvirt: Libvirt;
  readonly observer: Observer;
  readonly moments: Moments;
}

/** Copies of a machine's disks, UEFI variables and TPM, beside its own disk. */
export const machineSnapshots = ({ host, paths, libvirt, observer, moments }: Means): SnapshotGroup => {
  const refOf = ({ uuid }: GuestRef, id: string) => ({ machine: uuid, id });

  return snapshotSteps(libvirt, observer, {
    take: (guest, { ran, ...note }) => moments.take(guest, ran, refOf(guest, note.id), note),
    goOn: (guest, { ran }) => moments.goOn(guest, ran),
    remove: (guest, id) => removeMachineSnapshot(host, paths, refOf(guest, id)),
    swap: async (guest, id) => {
      const { name } = guest;
      if ((await host.files.facts(savedMemory(name))) !== undefined)
        throw new InnkeeperError('conflict', `${name} has saved memory, which belongs to what its disks hold now`, {
          hint: `start it first, or virsh managedsave-remove ${name}`,
        });
      await swapMachineSnapshot(host, paths, refOf(guest, id), await moments.stateOfMade(guest));
    },
    isSwapped: ({ uuid }) => isMachineSwapped(host, paths, uuid),
    // Nothing to put back where its definition is gone but the disks.
    swapBack: async (guest, id) => swapBackMachine(host, paths, refOf(guest, id), await moments.stateIfThere(guest)),
    clear: (guest, id) => clearSwappedMachine(host, paths, refOf(guest, id)),
    note: (guest, id, words) => changeMachineSnapshotNote(host, paths, refOf(guest, id), words),
    list: ({ uuid }) => listMachineSnapshots(host, paths, uuid),
  });
};
