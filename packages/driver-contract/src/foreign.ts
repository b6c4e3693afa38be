import { type Host, osReleases, readLeases } from '@innkeeper/host';
import type { GuestObservation } from '@innkeeper/model';

const runs = ({ state }: GuestObservation): boolean => state !== 'stopped';

/** Directories that a tree of the host can be looked into at; anything else is an image or a pool's. */
const rootOf = ({ disks = [], imageGuess }: GuestObservation): string | undefined =>
  imageGuess === undefined
    ? disks.find(({ target, source }) => target === '/' && source.startsWith('/'))?.source
    : undefined;

const withAddresses = (guest: GuestObservation, leases: ReadonlyMap<string, readonly string[]>): GuestObservation => ({
  ...guest,
  addresses: guest.macs.flatMap((mac) => leases.get(mac) ?? []),
});

/**
 * Completes what is known of guests that are not ours: addresses that DHCP servers of the host gave them, and the system that
 * is in a container's root. One reading of the leases, and one program for all roots that were not seen before.
 */
export const foreignDetails = (host: Host): ((guests: readonly GuestObservation[]) => Promise<GuestObservation[]>) => {
  const systemsOf = osReleases(host);
  return async (guests) => {
    const foreign = guests.filter(({ ownership }) => ownership === undefined);
    const asking = new Set(foreign.filter((one) => runs(one) && one.addresses.length === 0 && one.macs.length > 0));
    const roots = foreign.flatMap((one) => rootOf(one) ?? []);
    const [leases, systems] = await Promise.all([
      asking.size === 0 ? new Map<string, readonly string[]>() : readLeases(host).catch(() => new Map()),
      systemsOf(roots),
    ]);
    return guests.map((guest) => {
      if (guest.ownership !== undefined) return guest;
      const system = systems.get(rootOf(guest) ?? '');
      const found = asking.has(guest) ? withAddresses(guest, leases) : guest;
      return system === undefined ? found : { ...found, imageGuess: system };
    });
  };
};
