import type { GuestRef, SnapshotGroup, SnapshotOrder, SnapshotWords } from '@innkeeper/driver-contract';
import type { Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError, snapshotNote } from '@innkeeper/model';
import type { ListedSnapshot } from '@innkeeper/storage';
import { absent, isMade, requireMade, stateOf } from './lifecycle.ts';
import type { Observer } from './observer.ts';

const noUndo = 'removal goes forward: what is gone is gone';

/** How a backend copies what its guests hold, and puts it back. Each can be repeated. */
export interface Copies {
  /** A whole copy, of one moment; the guest does afterwards what it did before. */
  take(guest: GuestRef, order: SnapshotOrder): Promise<void>;
  /** One that `take` has left standing still goes on. */
  goOn(guest: GuestRef, order: SnapshotOrder): Promise<void>;
  /** Whole or half; nothing there is success. */
  remove(guest: GuestRef, id: string): Promise<void>;
  /** The guest does not run. */
  swap(guest: GuestRef, id: string): Promise<void>;
  /** Whether there is something to take back of `swap`. */
  isSwapped(guest: GuestRef): Promise<boolean>;
  swapBack(guest: GuestRef, id: string): Promise<void>;
  /** Deletes what is kept for `swapBack`. */
  clear(guest: GuestRef, id: string): Promise<void>;
  note(guest: GuestRef, id: string, words: SnapshotWords): Promise<void>;
  list(guest: GuestRef): Promise<readonly ListedSnapshot[]>;
}

/** The steps of snapshots, which are the same for all guests of libvirt. */
export const snapshotSteps = (libvirt: Libvirt, observer: Observer, copies: Copies): SnapshotGroup => {
  const requireStopped = async (guest: GuestRef): Promise<void> => {
    const { uuid, name } = guest;
    const state = await stateOf(libvirt, uuid);
    if (state === undefined) throw absent(guest);
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
          progress('copying what it holds');
          await copies.take(guest, order);
        },
        undo: async () => {
          if (!(await isMade(observer, guest))) return;
          await copies.goOn(guest, order);
          await copies.remove(guest, order.id);
        },
      },
    ],
    restore: (guest, id) => [
      {
        name: 'put back',
        run: async () => {
          await requireMade(observer, guest);
          await requireStopped(guest);
          await copies.swap(guest, id);
        },
        undo: async () => {
          if (!(await isMade(observer, guest))) return;
          if (await copies.isSwapped(guest)) await requireStopped(guest);
          await copies.swapBack(guest, id);
        },
      },
    ],
    settleRestore: (guest, id) => [
      {
        name: 'clear',
        run: async () => {
          await requireMade(observer, guest);
          await copies.clear(guest, id);
        },
        noUndo: 'what it held before is gone',
      },
    ],
    removeSnapshot: (guest, id) => [
      {
        name: 'delete',
        run: async () => {
          await requireMade(observer, guest);
          await copies.remove(guest, id);
        },
        noUndo,
      },
    ],
    noteSnapshot: async (guest, id, words) => {
      await requireMade(observer, guest);
      await copies.note(guest, id, words);
    },
    snapshots: async (guest) =>
      (await copies.list(guest)).flatMap(({ note, sizeBytes }) => {
        const parsed = snapshotNote.safeParse(note);
        return parsed.success ? [{ ...parsed.data, sizeBytes }] : [];
      }),
  };
};

/** What of a definition no snapshot would hold, and would not go back with the rest. Throws `unsupported` where there is something. */
export const requireNothingElse = (name: string, others: readonly string[]): void => {
  if (others.length === 0) return;
  throw new InnkeeperError('unsupported', `${name} has what no snapshot would hold: ${others.join(', ')}`, {
    hint: 'a snapshot holds its root and its volumes; take the rest out of its definition first',
  });
};
