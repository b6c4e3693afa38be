import { addressesToName, findHost, type HostRow } from '@innkeeper/inventory';
import type { NetworkReport } from '@innkeeper/model';
import { type NamedGuest, type NamedNetwork, nameGuests, type WantedNames } from '@innkeeper/network';
import type { Control, ManagedHost } from './control.ts';
import { reportedOn } from './networks.ts';
import { coalesce } from './observation/coalesce.ts';

/** One at a time for a host; `again` when the host may have forgotten what it was told. */
export type Namer = (again: boolean) => Promise<void>;

/** Networks that the host has an address on: guests of others are not reached from it by what the inventory knows. */
export const reachable = (networks: readonly NetworkReport[]): NetworkReport[] =>
  networks.filter(({ active, gateway }) => active && gateway !== undefined);

const named = ({ name, bridge, gateway, domain }: NetworkReport): NamedNetwork[] =>
  bridge === undefined || gateway === undefined || domain === undefined ? [] : [{ name, bridge, gateway, domain }];

/** Each by its first interface that the host reaches. */
const guestsOn = async (control: Control, host: string, networks: readonly NetworkReport[]): Promise<NamedGuest[]> => {
  const rows = await control.inventory.transaction((tx) => addressesToName(tx, host));
  const guests = new Map<string, NamedGuest>();
  for (const { name, network, address, address6 } of rows)
    if (!guests.has(name) && networks.some((one) => one.name === network))
      guests.set(name, { name, addresses: [address, address6 ?? []].flat() });
  return [...guests.values()];
};

/** What the inventory says that a host is to be told; guests only where they are asked for. */
export const wantedOn = async (control: Control, row: HostRow, withGuests: boolean): Promise<WantedNames> => {
  const networks = reachable(reportedOn(row));
  const own = row.machine?.hostname;
  return {
    how: row.guestNames,
    guests: withGuests ? await guestsOn(control, row.name, networks) : [],
    networks: networks.flatMap(named),
    reserved: own === undefined ? [] : [own, own.split('.')[0] ?? own],
  };
};

/** Has a host find its guests by their names. What it was told last is not told again, unless it may have forgotten it. */
export const openNamer = (control: Control, { name, host, gone }: ManagedHost): Namer => {
  let told: string | undefined;
  const work = coalesce(async () => {
    const row = await findHost(control.inventory.db, name);
    if (row === undefined || gone.aborted) return;
    // systemd-resolved asks the networks' name servers, which know their guests.
    const wanted = await wantedOn(control, row, row.guestNames === 'hosts');
    const text = JSON.stringify(wanted);
    if (text === told) return;
    told = undefined;
    await nameGuests(host, control.config.paths, wanted);
    told = text;
  });
  return (again) => {
    if (again) told = undefined;
    return work();
  };
};

/** After something was done about a workload, which has succeeded or failed without it: what is wrong the doctor says. */
export const nameQuietly = async (control: Control, host: string | undefined): Promise<void> => {
  if (host === undefined) return;
  await control
    .nameGuests(host)
    .catch((error: unknown) => control.log.warn({ host, err: error }, 'guests are not found by name there'));
};
