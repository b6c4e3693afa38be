import type { GuestRef } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { describeDomain, type Libvirt } from '@innkeeper/libvirt';
import type { Paths } from '@innkeeper/model';
import { containerRootPath, flushRoot, volumesFolder } from '@innkeeper/storage';
import { absent } from '../shared/lifecycle.ts';
import type { Observer } from '../shared/observer.ts';
import { requireNothingElse } from '../shared/snapshots.ts';
import type { Freezer } from './freezer.ts';

/** What copies of all that a container holds have in common. */
export interface Moments {
  /** Directories that somebody has put into its definition would not come along. */
  readonly requireWhole: (guest: GuestRef) => Promise<void>;
  /** Frozen for as long as `work` takes, unless it does not run, or is to stay frozen. */
  readonly inOneMoment: (guest: GuestRef, ran: boolean, work: () => Promise<void>) => Promise<void>;
  /** One that a kill left frozen. */
  readonly goOn: (guest: GuestRef) => Promise<void>;
}

export const moments = (
  host: Host,
  paths: Paths,
  libvirt: Libvirt,
  observer: Observer,
  freezer: Pick<Freezer, 'pause' | 'resume'>,
): Moments => ({
  requireWhole: async (guest) => {
    const { uuid, name } = guest;
    const definition = (await libvirt.xml([uuid], { inactive: true })).get(uuid);
    if (definition === undefined) throw absent(guest);
    const isHeld = (source = '') =>
      source === containerRootPath(paths, uuid) || source.startsWith(`${volumesFolder(paths, uuid)}/`);
    const others = describeDomain(definition).filesystems.filter(({ source }) => !isHeld(source));
    requireNothingElse(
      name,
      others.map(({ source, target }) => `${target ?? '?'} (${source ?? 'memory'})`),
    );
  },
  inOneMoment: async (guest, ran, work) => {
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
  },
  goOn: async (guest) => {
    if ((await observer.inspect(guest.uuid))?.state === 'paused') await freezer.resume(guest);
  },
});
