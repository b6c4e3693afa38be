import { type GuestRow, type HostRow, listGuests, listHosts, type WorkloadRow } from '@innkeeper/inventory';
import { type RecoveryView, sameJson } from '@innkeeper/model';
import type { Control } from '../control.ts';
import type { OwnGuest } from './take-back.ts';

/** The guest with what it says of itself; undefined for one that is not of this installation, or a copy of one that is. */
export const ownGuest = (
  control: Pick<Control, 'hosts'>,
  installation: string,
  { host, driver, uuid, observation }: Pick<GuestRow, 'host' | 'driver' | 'uuid' | 'observation'>,
): OwnGuest | undefined => {
  const { ownership } = observation;
  const backend = control.hosts.get(host)?.drivers.get(driver)?.info().backend;
  if (backend === undefined || ownership?.installation !== installation || ownership.workloadId !== uuid)
    return undefined;
  return { host, driver, uuid, observation, backend, ownership };
};

/** Whether the guest was brought to something that the inventory has forgotten. */
export const isNewer = ({ ownership, host, driver }: OwnGuest, row: WorkloadRow): boolean =>
  ownership.generation > row.generation ||
  row.placed === null ||
  !sameJson([row.placed.host, row.placed.driver], [host, driver]);

/** Workloads whose guest is not where the inventory has it, on hosts that answer. */
export const missingOf = (
  rows: readonly WorkloadRow[],
  guests: readonly GuestRow[],
  hosts: readonly HostRow[],
): RecoveryView['missing'] =>
  rows.flatMap(({ id, name, state, placed }) => {
    if (state !== 'ready' || placed === null) return [];
    if (hosts.find((one) => one.name === placed.host)?.state !== 'up') return [];
    return guests.some(({ uuid, host }) => uuid === id && host === placed.host) ? [] : [{ name, host: placed.host }];
  });

/** Guests of other installations, by installation. */
export const othersOf = (guests: readonly GuestRow[], installation: string): RecoveryView['others'] => {
  const found = new Map<string, { name: string; host: string }[]>();
  for (const { host, observation } of guests) {
    const other = observation.ownership?.installation;
    if (other === undefined || other === installation) continue;
    found.set(other, [...(found.get(other) ?? []), { name: observation.name, host }]);
  }
  return [...found].map(([id, list]) => ({ installation: id, guests: list }));
};

/** Reads what is on every host that answers. One that fails is as the inventory has it. */
export const lookEverywhere = async (control: Control): Promise<void> => {
  const hosts = (await listHosts(control.inventory.db)).filter(({ state }) => state === 'up');
  await Promise.all(
    hosts.map(async ({ name }) => {
      try {
        await control.probe(name);
        await control.observe(name);
      } catch (error) {
        control.log.warn({ host: name, err: error }, 'a host could not be read for recovery');
      }
    }),
  );
};

export const listOwn = async (control: Control, installation: string): Promise<OwnGuest[]> =>
  (await listGuests(control.inventory.db)).flatMap((row) => ownGuest(control, installation, row) ?? []);
