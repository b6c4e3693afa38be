import { type Db, listOperations } from '@innkeeper/inventory';
import type { RecoveryView, Unrecovered } from '@innkeeper/model';
import type { OwnGuest } from './take-back.ts';

/** What only the database knew. */
const inventoryAlone: readonly (readonly [name: string, text: string])[] = [
  ['hosts', 'other machines are not known: inn host add ssh://… each of them, then recover again'],
  ['settings of hosts', 'labels, ratios, reserves and maintenance are what a new host has: inn host set'],
  ['tokens', 'none of them is valid any more: inn token create'],
  ['rules', 'only those that Innkeeper brings are there; put your own again: inn rule put'],
  ['history', 'records of placement, operations and events begin anew'],
  ['ages', 'a ttl counts from now on, and restarts from none'],
  ['power', 'what was asked is what each guest does now'],
];

const laterChanges: (typeof inventoryAlone)[number] = [
  'later changes',
  'hosts, their settings, tokens, rules and history are those of the dump: what was changed of them since is lost',
];

/** What cannot be rebuilt from hosts. A database that knows of operations was not lost: it was restored. */
export const lostWithDatabase = async (db: Db): Promise<Unrecovered[]> => {
  const restored = (await listOperations(db, { limit: 1 })).length > 0;
  return (restored ? [laterChanges] : inventoryAlone).map(([name, text]) => ({ kind: 'inventory', name, text }));
};

const networkLosses = (spec: RecoveryView['networks'][number]['spec']): string =>
  spec.bridge === undefined && spec.link === undefined
    ? 'its project and description are lost: until it is put again, every project may use it'
    : 'its project, description, subnet and gateway are lost: put it again';

export const lostOfNetworks = (networks: RecoveryView['networks']): Unrecovered[] =>
  networks.map(({ name, spec }) => ({ kind: 'network', name, text: networkLosses(spec) }));

export const refusedGuest = (
  { host, observation }: Pick<OwnGuest, 'host' | 'observation'>,
  text: string,
): Unrecovered => ({
  kind: 'workload',
  name: observation.name,
  host,
  text,
});
