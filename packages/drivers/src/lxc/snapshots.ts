import type { GuestRef, SnapshotGroup } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError, type Paths, snapshotNote } from '@innkeeper/model';
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
import { requireMade, stateOf } from '../shared/lifecycle.ts';
import type { Observer } from '../shared/observer.ts';
import type { Freezer } from './freezer.ts';
import { moments } from './moments.ts';

const noUndo = 'removal goes forward: what is gone is gone';

/** Copies of a container's upper layer and volumes, beside the layers themselves. */
export const snapshotting = (
  host: Host,
  paths: Paths,
  libvirt: Libvirt,
  observer: Observer,
  freezer: Pick<Freezer, 'pause' | 'resume'>,
): SnapshotGroup => {
  const refOf = ({ uuid }: GuestRef, id: string) => ({ root: uuid, id });

  const { requireWhole, inOneMoment, goOn, isMade } = moments(host, paths, libvirt, observer, freezer);

  const requireStopped = async ({ uuid, name }: GuestRef): Promise<void> => {
    const state = await stateOf(libvirt, uuid);
    if (state === undefined) throw new InnkeeperError('not_found', `The guest of ${name} is gone from its host`);
    if (state !== 'stopped')
      throw new InnkeeperError('conflict', `${name} is ${state}: what it holds is exchanged while it is stopped`, {
        hint: `inn stop ${name}`,
      });
  };

  return {
    snapshot: (guest, order) => [
      {
        name: 'copy',
        run: async ({ progress }) => {
          await requireMade(observer, guest);
          await requireWhole(guest);
          progress('copying what it holds');
          const { ran, ...note } = order;
          await inOneMoment(guest, ran, () => copyRootSnapshot(host, paths, refOf(guest, order.id), note));
          await keepRootSnapshot(host, paths, refOf(guest, order.id));
        },
        undo: async () => {
          if (!(await isMade(guest))) return;
          if (order.ran) await goOn(guest);
          await removeRootSnapshot(host, paths, refOf(guest, order.id));
        },
      },
    ],
    restore: (guest, id) => [
      {
        name: 'put back',
        run: async () => {
          await requireMade(observer, guest);
          await requireStopped(guest);
          await swapRootSnapshot(host, paths, refOf(guest, id));
        },
        undo: async () => {
          if (!(await isMade(guest))) return;
          if (await isRootSwapped(host, paths, guest.uuid)) await requireStopped(guest);
          await swapBackRoot(host, paths, refOf(guest, id));
        },
      },
    ],
    settleRestore: (guest, id) => [
      {
        name: 'clear',
        run: async () => {
          await requireMade(observer, guest);
          await clearSwappedRoot(host, paths, refOf(guest, id));
        },
        noUndo: 'what it held before is gone',
      },
    ],
    removeSnapshot: (guest, id) => [
      {
        name: 'delete',
        run: async () => {
          await requireMade(observer, guest);
          await removeRootSnapshot(host, paths, refOf(guest, id));
        },
        noUndo,
      },
    ],
    noteSnapshot: async (guest, id, words) => {
      await requireMade(observer, guest);
      await changeRootSnapshotNote(host, paths, refOf(guest, id), words);
    },
    snapshots: async ({ uuid }) =>
      (await listRootSnapshots(host, paths, uuid)).flatMap(({ note, sizeBytes }) => {
        const parsed = snapshotNote.safeParse(note);
        return parsed.success ? [{ ...parsed.data, sizeBytes }] : [];
      }),
  };
};
