import type { GuestRow } from '@innkeeper/inventory';
import { unknownToInventory } from '@innkeeper/model';

/** Whether a guest is none of this installation's workloads; one that says that it is, and that the inventory does not know, is none. */
export const isForeign = (guest: GuestRow, installation: string): boolean =>
  guest.lost === true || guest.observation.ownership?.installation !== installation;

/** Why a guest that carries our metadata is no workload; undefined for all others. */
export const lostReason = ({ lost, uuid, observation }: GuestRow, installation: string): string | undefined => {
  const { ownership } = observation;
  if (lost !== true || ownership?.installation !== installation) return undefined;
  return ownership.workloadId === uuid
    ? `${unknownToInventory}: inn recover`
    : 'is a copy of a guest of this installation, with its metadata';
};

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
