import {
  changeInstallation,
  type Db,
  isBehind,
  listGuests,
  listHosts,
  listNetworks,
  listWorkloads,
  markRunning,
  part,
  setBehind,
  unfinishedOf,
} from '@innkeeper/inventory';
import { InnkeeperError, type RecoveredWorkload, type RecoverRequest, type RecoveryView } from '@innkeeper/model';
import { type Control, tell } from '../control.ts';
import { nameQuietly } from '../names.ts';
import { publishOn } from '../publish.ts';
import { rememberInstallation } from './installation.ts';
import { isNewer, listOwn, lookEverywhere, missingOf, othersOf } from './look.ts';
import { takeBackNetworks } from './networks.ts';
import { takeBackSnapshots } from './snapshots.ts';
import { takeBack } from './take-back.ts';
import { lostOfNetworks, lostWithDatabase, refusedGuest } from './unrecovered.ts';

/** Thrown to give up a transaction whose outcome is only to be shown. */
class Rehearsed extends Error {
  readonly view: RecoveryView;

  constructor(view: RecoveryView) {
    super('only shown');
    this.view = view;
  }
}

/** One database holds one installation: another's place is taken by one that has nothing of its own. */
const requireReplaceable = async (control: Control, tx: Db, installation: string): Promise<void> => {
  if (installation === control.installation) return;
  const [workloads, networks, own, guests] = await Promise.all([
    listWorkloads(tx),
    listNetworks(tx),
    listOwn(control, control.installation),
    listGuests(tx),
  ]);
  const names = [...workloads, ...networks].map(({ name }) => name);
  if (names.length > 0 || own.length > 0)
    throw new InnkeeperError(
      'conflict',
      `This installation (${control.installation}) has ${[...names, ...own.map(({ observation }) => observation.name)].slice(0, 10).join(', ')} of its own`,
      { hint: 'one database holds one installation: recover the other one into an empty database' },
    );
  const others = othersOf(guests, control.installation);
  if (others.some((one) => one.installation === installation)) return;
  throw new InnkeeperError('not_found', `No host has a guest of the installation ${installation}`, {
    hint:
      others.length === 0
        ? 'inn host ls shows which hosts are known'
        : `seen: ${others.map((one) => one.installation).join(', ')}`,
  });
};

interface Taken {
  readonly workloads: readonly RecoveredWorkload[];
  readonly unrecovered: RecoveryView['unrecovered'];
}

const takeBackGuests = async (control: Control, tx: Db, installation: string): Promise<Taken> => {
  const before = new Map((await listWorkloads(tx)).map((row) => [row.id, row]));
  const workloads: RecoveredWorkload[] = [];
  const unrecovered: RecoveryView['unrecovered'] = [];
  const done = new Map<string, string>();
  // What runs is it, where two hosts have it.
  const guests = (await listOwn(control, installation)).sort((a, b) =>
    a.observation.state === b.observation.state ? 0 : a.observation.state === 'running' ? -1 : 1,
  );
  for (const guest of guests) {
    const row = before.get(guest.uuid);
    const elsewhere = done.get(guest.uuid);
    if (elsewhere !== undefined) {
      unrecovered.push(refusedGuest(guest, `it is on ${elsewhere} as well: one of the two is a copy`));
      continue;
    }
    done.set(guest.uuid, guest.host);
    if (row !== undefined && row.startedInBoot === null && guest.observation.state === 'running')
      await markRunning(tx, row.id, guest.host);
    if (row !== undefined && (!isNewer(guest, row) || (await unfinishedOf(tx, row.id)).length > 0)) continue;
    try {
      workloads.push(await part(tx, (inner) => takeBack(inner, guest, row)));
    } catch (error) {
      if (!(error instanceof InnkeeperError)) throw error;
      unrecovered.push(
        refusedGuest(guest, error.hint === undefined ? error.message : `${error.message} (${error.hint})`),
      );
    }
  }
  return { workloads, unrecovered };
};

const rebuild = async (control: Control, tx: Db, asked: RecoverRequest): Promise<RecoveryView> => {
  const installation = asked.installation ?? control.installation;
  await requireReplaceable(control, tx, installation);
  const behind = (await isBehind(tx)) || installation !== control.installation;
  if (installation !== control.installation) await changeInstallation(tx, installation);
  const networks = await takeBackNetworks(tx, installation);
  const { workloads, unrecovered } = await takeBackGuests(control, tx, installation);
  await setBehind(tx, false);
  const guests = await listGuests(tx);
  return {
    installation,
    applied: asked.apply === true,
    behind,
    workloads: [...workloads],
    networks,
    missing: missingOf(await listWorkloads(tx), guests, await listHosts(tx)),
    unrecovered: [...unrecovered, ...lostOfNetworks(networks), ...(behind ? await lostWithDatabase(tx) : [])],
    others: othersOf(guests, installation),
  };
};

/** What hosts do for workloads follows: their ports, their names. */
const bringAbout = async (control: Control, { workloads, networks }: RecoveryView): Promise<void> => {
  const names = new Set([...workloads.map(({ host }) => host), ...networks.flatMap(({ hosts }) => hosts)]);
  for (const name of names) {
    const managed = control.hosts.get(name);
    if (managed === undefined) continue;
    await publishOn(control, managed).catch((error: unknown) =>
      control.log.warn({ host: name, err: error }, 'what is published could not be told to a host'),
    );
    await nameQuietly(control, name);
  }
};

export const tellTakenBack = async (
  control: Control,
  { id, name, host, what, notes }: RecoveredWorkload,
): Promise<void> => {
  const how = what === 'newer' ? `what ${host} says of it is newer than the database` : `it was found on ${host}`;
  await tell(control, {
    kind: 'workload.taken-back',
    subject: { kind: 'workload', id, name },
    text: [`${name} was taken back: ${how}`, ...notes].join('; '),
  });
};

/**
 * Rebuilds what the inventory lacks from what the hosts say, or says what that would be. Changes nothing on any host:
 * nothing is started, stopped or removed. Throws `conflict` and `not_found` for an installation whose place cannot be taken.
 */
export const recover = async (control: Control, asked: RecoverRequest, who: string): Promise<RecoveryView> => {
  await lookEverywhere(control);
  const view = await control.inventory
    .transaction(async (tx) => {
      const found = await rebuild(control, tx, asked);
      if (asked.apply !== true) throw new Rehearsed(found);
      return found;
    })
    .catch((error: unknown) => {
      if (error instanceof Rehearsed) return error.view;
      throw error;
    });
  if (!view.applied) return view;
  if (view.installation !== control.installation) {
    await rememberInstallation(control.config.paths, view.installation);
    control.become(view.installation);
  }
  for (const one of view.workloads) await tellTakenBack(control, one);
  control.log.info(
    { who, workloads: view.workloads.length, networks: view.networks.length },
    'recovered from the hosts',
  );
  await bringAbout(control, view);
  for (const { id } of await listWorkloads(control.inventory.db)) await takeBackSnapshots(control, id);
  control.wakeWaiting();
  control.tendLives();
  return view;
};
