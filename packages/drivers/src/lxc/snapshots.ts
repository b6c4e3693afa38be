import type { GuestRef, SnapshotGroup, SnapshotOrder } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { describeDomain, type Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError, type Paths, snapshotNote } from '@innkeeper/model';
import {
  changeRootSnapshotNote,
  clearSwappedRoot,
  containerRootPath,
  copyRootSnapshot,
  flushRoot,
  isRootSwapped,
  keepRootSnapshot,
  listRootSnapshots,
  removeRootSnapshot,
  swapBackRoot,
  swapRootSnapshot,
  volumesFolder,
} from '@innkeeper/storage';
import { requireMade, requireOurs, stateOf } from '../shared/lifecycle.ts';
import type { Observer } from '../shared/observer.ts';
import type { Freezer } from './freezer.ts';

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

  /** Directories that somebody has put into its definition are not in a snapshot, and would not go back with the rest. */
  const requireWhole = async ({ uuid, name }: GuestRef): Promise<void> => {
    const definition = (await libvirt.xml([uuid], { inactive: true })).get(uuid);
    if (definition === undefined) throw new InnkeeperError('not_found', `The guest of ${name} is gone from its host`);
    const isHeld = (source = '') =>
      source === containerRootPath(paths, uuid) || source.startsWith(`${volumesFolder(paths, uuid)}/`);
    const others = describeDomain(definition).filesystems.filter(({ source }) => !isHeld(source));
    if (others.length === 0) return;
    const named = others.map(({ source, target }) => `${target ?? '?'} (${source ?? 'memory'})`).join(', ');
    throw new InnkeeperError('unsupported', `${name} has what no snapshot would hold: ${named}`, {
      hint: 'a snapshot holds its root and its volumes; take the rest out of its definition first',
    });
  };

  /** Frozen for as long as `work` takes, unless it does not run, or is to stay frozen. */
  const inOneMoment = async (guest: GuestRef, ran: boolean, work: () => Promise<void>): Promise<void> => {
    const state = (await observer.inspect(guest.uuid))?.state;
    const goesOn = state === 'running' || (state === 'paused' && ran);
    if (!goesOn) return work();
    await flushRoot(host, paths, guest.uuid);
    try {
      await freezer.pause(guest);
      await flushRoot(host, paths, guest.uuid);
      await work();
    } finally {
      await freezer.resume(guest);
    }
  };

  const goOn = async (guest: GuestRef, { ran }: SnapshotOrder): Promise<void> => {
    if (ran && (await observer.inspect(guest.uuid))?.state === 'paused') await freezer.resume(guest);
  };

  const requireStopped = async ({ uuid, name }: GuestRef): Promise<void> => {
    const state = await stateOf(libvirt, uuid);
    if (state === undefined) throw new InnkeeperError('not_found', `The guest of ${name} is gone from its host`);
    if (state !== 'stopped')
      throw new InnkeeperError('conflict', `${name} is ${state}: what it holds is exchanged while it is stopped`, {
        hint: `inn stop ${name}`,
      });
  };

  /** Nothing of a guest that is not ours, or was adopted, is thawed or exchanged, also by no undo. */
  const isMade = async (guest: GuestRef): Promise<boolean> => {
    const owned = await requireOurs(observer, guest).catch(() => undefined);
    return owned !== undefined && owned.adopted === undefined;
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
          await goOn(guest, order);
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
