import type { GuestRef, SnapshotGroup } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import {
  changeMachineSnapshotNote,
  clearSwappedMachine,
  copyMachineSnapshot,
  dropHalfMachineSnapshot,
  isMachineSnapshotKept,
  isMachineSwapped,
  keepMachineSnapshot,
  listMachineSnapshots,
  removeMachineSnapshot,
  swapBackMachine,
  swapMachineSnapshot,
} from '@innkeeper/storage';
import type { Observer } from '../shared/observer.ts';
import { snapshotSteps } from '../shared/snapshots.ts';
import { moments } from './moments.ts';

/** Where libvirt keeps what memory it was told to save. */
const savedMemory = (name: string): string => `/var/lib/libvirt/qemu/save/${name}.save`;

/** Copies of a machine's disks, UEFI variables and TPM, beside its own disk. */
export const machineSnapshots = (host: Host, paths: Paths, libvirt: Libvirt, observer: Observer): SnapshotGroup => {
  const { stateOfMade, stateIfThere, requireWhole, inOneMoment, goOn } = moments(paths, libvirt);
  const refOf = ({ uuid }: GuestRef, id: string) => ({ machine: uuid, id });

  return snapshotSteps(libvirt, observer, {
    take: async (guest, order) => {
      const { ran, ...note } = order;
      const ref = refOf(guest, order.id);
      const state = await stateOfMade(guest);
      await dropHalfMachineSnapshot(host, paths, ref);
      await goOn(guest, ran);
      await requireWhole(guest);
      if (!(await isMachineSnapshotKept(host, paths, ref)))
        await inOneMoment(guest, (held) => copyMachineSnapshot(host, paths, ref, { note, state, held }));
      await keepMachineSnapshot(host, paths, ref);
    },
    goOn: (guest, { ran }) => goOn(guest, ran),
    remove: (guest, id) => removeMachineSnapshot(host, paths, refOf(guest, id)),
    swap: async (guest, id) => {
      const { name } = guest;
      if ((await host.files.facts(savedMemory(name))) !== undefined)
        throw new InnkeeperError('conflict', `${name} has saved memory, which belongs to what its disks hold now`, {
          hint: `start it first, or virsh managedsave-remove ${name}`,
        });
      await swapMachineSnapshot(host, paths, refOf(guest, id), await stateOfMade(guest));
    },
    isSwapped: ({ uuid }) => isMachineSwapped(host, paths, uuid),
    swapBack: async (guest, id) => swapBackMachine(host, paths, refOf(guest, id), await stateIfThere(guest)),
    clear: (guest, id) => clearSwappedMachine(host, paths, refOf(guest, id)),
    note: (guest, id, words) => changeMachineSnapshotNote(host, paths, refOf(guest, id), words),
    list: ({ uuid }) => listMachineSnapshots(host, paths, uuid),
  });
};
