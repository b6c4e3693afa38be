import type { GuestRef, SnapshotGroup } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import type { Paths } from '@innkeeper/model';
import {
  changeRootSnapshotNote,
  clearSwappedRoot,
  copyRootSnapshot,
  isRootSwapped,
  keepRootSnapshot,
  listRootSnapshots,
  removeRootSnapshot,
  swapBackRoot,
  swapRootSnapshot,
} from '@innkeeper/storage';
import type { Observer } from '../shared/observer.ts';
import { snapshotSteps } from '../shared/snapshots.ts';
import type { Freezer } from './freezer.ts';
import { moments } from './moments.ts';

/** Copies of a container's upper layer and volumes, beside the layers themselves. */
export const snapshotting = (
  host: Host,
  paths: Paths,
  libvirt: Libvirt,
  observer: Observer,
  freezer: Pick<Freezer, 'pause' | 'resume'>,
): SnapshotGroup => {
  const refOf = ({ uuid }: GuestRef, id: string) => ({ root: uuid, id });

  const { requireWhole, inOneMoment, goOn } = moments(host, paths, libvirt, observer, freezer);

  return snapshotSteps(libvirt, observer, {
    take: async (guest, { ran, ...note }) => {
      await requireWhole(guest);
      await inOneMoment(guest, ran, () => copyRootSnapshot(host, paths, refOf(guest, note.id), note));
      await keepRootSnapshot(host, paths, refOf(guest, note.id));
    },
    goOn: async (guest, { ran }) => {
      if (ran) await goOn(guest);
    },
    remove: (guest, id) => removeRootSnapshot(host, paths, refOf(guest, id)),
    swap: (guest, id) => swapRootSnapshot(host, paths, refOf(guest, id)),
    isSwapped: ({ uuid }) => isRootSwapped(host, paths, uuid),
    swapBack: (guest, id) => swapBackRoot(host, paths, refOf(guest, id)),
    clear: (guest, id) => clearSwappedRoot(host, paths, refOf(guest, id)),
    note: (guest, id, words) => changeRootSnapshotNote(host, paths, refOf(guest, id), words),
    list: ({ uuid }) => listRootSnapshots(host, paths, uuid),
  });
};
