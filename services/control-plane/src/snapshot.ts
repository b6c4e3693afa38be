import { claimedCapacity, type Db, type GuestRow, type HostRow, listGuests, listHosts } from '@innkeeper/inventory';
import type { HostSnapshot, Snapshot } from '@innkeeper/placement';

export const isForeign = (guest: GuestRow, installation: string): boolean =>
  guest.observation.ownership?.installation !== installation;

/** What guests that are not ours take while they run. */
export const foreignUse = (
  guests: readonly GuestRow[],
  host: string,
  installation: string,
): { cpus: number; memoryBytes: number } => {
  const running = guests.filter(
    (guest) => guest.host === host && isForeign(guest, installation) && guest.observation.state !== 'stopped',
  );
  return {
    cpus: running.reduce((sum, { observation }) => sum + observation.cpus, 0),
    memoryBytes: running.reduce((sum, { observation }) => sum + observation.memoryBytes, 0),
  };
};

export const imagesOf = (host: HostRow): string[] => [...new Set(host.drivers.flatMap(({ images }) => images))].sort();

const foreignNames = (guests: readonly GuestRow[], host: string, installation: string): Record<string, string[]> => {
  const names: Record<string, string[]> = {};
  for (const guest of guests) {
    if (guest.host !== host || !isForeign(guest, installation)) continue;
    names[guest.driver] = [...(names[guest.driver] ?? []), guest.observation.name];
  }
  return names;
};

/** What the inventory knows that decisions depend on. */
export interface Known {
  readonly hosts: readonly HostRow[];
  readonly guests: readonly GuestRow[];
  readonly claimed: Awaited<ReturnType<typeof claimedCapacity>>;
}

/** `without`: a workload whose own claims do not count, since it is the one to be placed. */
export const readKnown = async (db: Db, without?: string): Promise<Known> => {
  const [hosts, guests, claimed] = await Promise.all([listHosts(db), listGuests(db), claimedCapacity(db, without)]);
  return { hosts, guests, claimed };
};

/** What a decision is made from. */
export const snapshotOf = ({ hosts, guests, claimed }: Known, installation: string): Snapshot => {
  return {
    hosts: hosts.flatMap((host): HostSnapshot[] =>
      host.machine === null
        ? []
        : [
            {
              name: host.name,
              state: host.state,
              drivers: host.drivers,
              images: imagesOf(host),
              cpus: host.machine.cpus,
              memoryBytes: host.machine.memoryBytes,
              diskFreeBytes: host.machine.diskFreeBytes,
              cpuRatio: host.cpuRatio,
              memoryRatio: host.memoryRatio,
              claimed: claimed.get(host.name) ?? { cpus: 0, memoryBytes: 0 },
              foreign: foreignUse(guests, host.name, installation),
              foreignNames: foreignNames(guests, host.name, installation),
            },
          ],
    ),
  };
};
