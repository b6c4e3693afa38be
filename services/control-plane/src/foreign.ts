import type { GuestRow } from '@innkeeper/inventory';

/** Whether a guest is not this installation's. */
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
