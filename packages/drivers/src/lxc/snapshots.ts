import type { GuestRef, SnapshotGroup } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { describeDomain, type Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import {
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
import type { Observer } from '../shared/observer.ts';
import { requireNothingElse, snapshotSteps } from '../shared/snapshots.ts';
import type { Freezer } from './freezer.ts';

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
    requireNothingElse(
      name,
      others.map(({ source, target }) => `${target ?? '?'} (${source ?? 'memory'})`),
    );
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

  return snapshotSteps(libvirt, observer, {
    take: async (guest, { ran, ...note }) => {
      await requireWhole(guest);
      await inOneMoment(guest, ran, () => copyRootSnapshot(host, paths, refOf(guest, note.id), note));
      await keepRootSnapshot(host, paths, refOf(guest, note.id));
    },
    goOn: async (guest, { ran }) => {
      if (ran && (await observer.inspect(guest.uuid))?.state === 'paused') await freezer.resume(guest);
    },
    remove: (guest, id) => removeRootSnapshot(host, paths, refOf(guest, id)),
    swap: (guest, id) => swapRootSnapshot(host, paths, refOf(guest, id)),
    isSwapped: ({ uuid }) => isRootSwapped(host, paths, uuid),
    swapBack: (guest, id) => swapBackRoot(host, paths, refOf(guest, id)),
    clear: (guest, id) => clearSwappedRoot(host, paths, refOf(guest, id)),
    list: ({ uuid }) => listRootSnapshots(host, paths, uuid),
  });
};
