import type { AdoptGroup, Driver, GuestRef } from '@innkeeper/driver-contract';
import {
  findHost,
  findWorkloadById,
  type GuestRow,
  insertAdopted,
  isDuplicate,
  listGuests,
  lockWorkload,
  type OperationRow,
} from '@innkeeper/inventory';
import {
  type Adoptable,
  type AdoptionView,
  type AdoptRequest,
  adoptedImage,
  InnkeeperError,
  isAdopted,
  namePattern,
  nameProblem,
  type WorkloadSpec,
} from '@innkeeper/model';
import { type Asker, begin, hashOf, notFound, pendingOf, repeated } from './asker.ts';
import { checkNewName } from './check.ts';
import { type Control, driverOf } from './control.ts';
import { isForeign, lostReason } from './foreign.ts';
import { isSilent } from './views.ts';

/** Which guest is meant: an id may be that of classic containers of one name on several hosts. */
export interface GuestId {
  readonly id: string;
  readonly host?: string | undefined;
}

/** A driver that adopts. Throws `unsupported` for all others. */
export const adopting = (driver: Driver): AdoptGroup => {
  const { adoptable, adopt, release } = driver;
  if (adoptable === undefined || adopt === undefined || release === undefined)
    throw new InnkeeperError('unsupported', `The driver ${driver.info().id} adopts no guests`);
  return { adoptable, adopt, release };
};

/** Throws unless it is a guest of nobody, on a host that answers. */
export const findForeign = async (control: Control, { id, host }: GuestId): Promise<GuestRow> => {
  const { db } = control.inventory;
  const found = (await listGuests(db)).filter((guest) => guest.uuid === id && (host ?? guest.host) === guest.host);
  const [guest, other] = found;
  if (guest === undefined)
    throw new InnkeeperError('not_found', `There is no guest ${id.slice(0, 80)}`, {
      hint: 'inn ls --all shows what there is',
    });
  if (other !== undefined)
    throw new InnkeeperError(
      'conflict',
      `${guest.observation.name} is on ${found.map((one) => one.host).join(' and ')}`,
      {
        hint: 'say which with --host',
      },
    );
  if (!isForeign(guest, control.installation)) {
    const workload = await findWorkloadById(db, id);
    throw new InnkeeperError(
      'conflict',
      `${guest.observation.name} is managed already${workload === undefined ? '' : ` as ${workload.name}`}`,
    );
  }
  const lost = lostReason(guest, control.installation);
  if (lost !== undefined) throw new InnkeeperError('conflict', `${guest.observation.name} ${lost}`);
  if (guest.observation.ownership !== undefined)
    throw new InnkeeperError('conflict', `${guest.observation.name} belongs to another installation of Innkeeper`, {
      hint: 'release or remove it there first',
    });
  const row = await findHost(db, guest.host);
  if (isSilent(row))
    throw new InnkeeperError('unavailable', `${guest.host}, where ${guest.observation.name} is, does not answer`, {
      hint: `inn host doctor ${guest.host}`,
    });
  return guest;
};

export const refOf = ({ uuid, observation: { name } }: GuestRow): GuestRef => ({ uuid, name });

/** The least that a specification can say. */
const smallestMemory = 16 * 2 ** 20;

/** What a manifest would say of it; defaults are written out, since they are not what the guest has. */
const specOf = ({ driver, observation }: GuestRow, found: Adoptable): WorkloadSpec => ({
  image: adoptedImage,
  driver,
  cpus: Math.min(found.cpus, 512),
  // One without a limit counts as the model's default, to which nobody holds it.
  ...(found.memoryBytes === 0
    ? {}
    : { memory: `${Math.floor(Math.max(found.memoryBytes, smallestMemory) / 1024)}KiB` }),
  power: observation.state === 'running' || observation.state === 'paused' ? observation.state : 'stopped',
  autostart: false,
  networks: found.networks.map(({ network, mac }) => ({ network, mac })),
});

/** Its own name, or why no workload can have it. */
const freeName = async (control: Control, guest: GuestRow): Promise<{ name: string } | { nameProblem: string }> => {
  const { name } = guest.observation;
  if (!namePattern.test(name)) return { nameProblem: nameProblem(name) };
  try {
    await checkNewName(control, name, guest.uuid);
    return { name };
  } catch (error) {
    if (error instanceof InnkeeperError) return { nameProblem: error.message };
    throw error;
  }
};

interface Looked {
  readonly guest: GuestRow;
  /** Without its name here, which one that is asked for may replace. */
  readonly view: Omit<AdoptionView, 'name' | 'nameProblem'>;
}

const look = async (control: Control, id: GuestId): Promise<Looked> => {
  const guest = await findForeign(control, id);
  const driver = driverOf(control, guest.host, guest.driver);
  const found = await adopting(driver).adoptable(refOf(guest));
  const { name, state } = guest.observation;
  return {
    guest,
    view: {
      id: guest.uuid,
      guest: name,
      host: guest.host,
      driver: guest.driver,
      backend: driver.info().backend,
      state: state === 'other' ? 'unknown' : state,
      spec: specOf(guest, found),
      autostart: found.autostart,
      beyond: [...found.beyond],
    },
  };
};

/** What adopting a guest would be, changing nothing. */
export const adoptionOf = async (control: Control, id: GuestId): Promise<AdoptionView> => {
  const { guest, view } = await look(control, id);
  return { ...view, ...(await freeName(control, guest)) };
};

/** The name that is asked for, or the guest's own. */
export const nameFor = async (control: Control, guest: GuestRow, asked: string | undefined): Promise<string> => {
  if (asked !== undefined) {
    await checkNewName(control, asked, guest.uuid);
    return asked;
  }
  const own = await freeName(control, guest);
  if ('name' in own) return own.name;
  throw new InnkeeperError('conflict', `${guest.observation.name} cannot keep its name: ${own.nameProblem}`, {
    hint: 'give it another one for here with --as NAME; the guest itself keeps its own',
  });
};

/** The record of a guest that was there before, and the operation that takes it over, in one transaction. */
export const takeOver = (
  control: Control,
  row: Parameters<typeof insertAdopted>[1],
  kind: 'adopt' | 'convert',
  asker: Asker,
  hash: string,
): Promise<OperationRow> =>
  control.inventory.transaction(async (tx) => {
    const { id, name, placed } = row;
    await lockWorkload(tx, name);
    try {
      await insertAdopted(tx, row);
    } catch (error) {
      if (isDuplicate(error, 'workloads_name_unique') || isDuplicate(error, 'workloads_pkey'))
        throw new InnkeeperError(
          'conflict',
          `${placed.guestName ?? name} or the name ${name} was taken by somebody else just now`,
        );
      throw error;
    }
    return begin(tx, kind, { id, name }, asker, hash, { after: row.spec });
  });

/** Takes a foreign guest over: its record at once, its claims and its metadata by the operation. */
export const adoptRequest = async (
  control: Control,
  id: GuestId,
  asked: AdoptRequest,
  asker: Asker,
): Promise<OperationRow> => {
  const hash = hashOf('adopt', id, asked);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  const { guest, view } = await look(control, id);
  const name = await nameFor(control, guest, asked.name);
  const spec = asked.takeAutostart === true ? { ...view.spec, autostart: view.autostart } : view.spec;
  const placed = { host: guest.host, driver: guest.driver, backend: view.backend, guestName: view.guest };
  const reason = `was there before Innkeeper, on ${guest.host}`;
  return takeOver(control, { id: guest.uuid, name, spec, placed, reason }, 'adopt', asker, hash);
};

/** Gives an adopted guest back. Refused for what Innkeeper made, and while something else is being done with it. */
export const releaseRequest = async (control: Control, name: string, asker: Asker): Promise<OperationRow> => {
  const hash = hashOf('release', name);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  return control.inventory.transaction(async (tx) => {
    const row = await lockWorkload(tx, name);
    if (row === undefined) throw notFound(name);
    if (!isAdopted(row.spec))
      throw new InnkeeperError('conflict', `${name} was made by Innkeeper: there is nobody to give it back to`, {
        hint: `inn rm ${name} removes it`,
      });
    const pending = await pendingOf(tx, row, ({ kind }) => kind === 'release');
    if (pending !== undefined) return pending;
    if (row.placed?.convertedFrom !== undefined)
      throw new InnkeeperError('conflict', `${name} was converted, and that is not confirmed yet`, {
        hint: `inn convert --confirm ${name}, or inn convert --revert ${name}`,
      });
    return begin(tx, 'release', row, asker, hash, { before: row.spec });
  });
};
