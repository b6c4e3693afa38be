import {
  claimDevices,
  claimUsed,
  type Db,
  everywhere,
  type GuestRow,
  holdNetwork,
  holdPort,
  holdUidRange,
  isDuplicate,
  listNetworks,
  markRunning,
  type Place,
  part,
  releaseClaims,
  renameWorkload,
  saveRecovered,
  type WorkloadRow,
} from '@innkeeper/inventory';
import {
  type Backend,
  completeSpec,
  diskAsked,
  findImage,
  InnkeeperError,
  isAdopted,
  isLan,
  namePattern,
  type Ownership,
  portText,
  publicationsOf,
  type RecoveredWorkload,
  type WorkloadSpec,
} from '@innkeeper/model';

/** A guest that says that it is a workload's, as it is now. */
export interface OwnGuest extends Pick<GuestRow, 'host' | 'driver' | 'uuid' | 'observation'> {
  readonly backend: Backend;
  readonly ownership: Ownership;
}

const conflict = (message: string, hint?: string): InnkeeperError =>
  new InnkeeperError('conflict', message, hint === undefined ? {} : { hint });

interface Named {
  readonly name: string;
  readonly note?: string;
}

/** What the workload was called: versions that adopted without writing it down leave the guest's own name to guess from. */
const nameOf = ({ observation, ownership }: OwnGuest): Named => {
  const name = ownership.name ?? observation.name;
  if (namePattern.test(name)) return { name };
  const made = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 63);
  return {
    name: namePattern.test(made) ? made : `guest-${observation.uuid.slice(0, 8)}`,
    note: `its name was not kept by the version that adopted it; it is made from the guest's own, ${name}`,
  };
};

/** What is asked of its power is what it does: nothing is started or stopped by taking it back. */
const specOf = ({ ownership: { spec }, observation: { state } }: OwnGuest): WorkloadSpec => {
  const power = state === 'running' || state === 'paused' ? state : 'stopped';
  return (spec.power ?? 'running') === power ? spec : { ...spec, power };
};

const requireKnownImage = ({ ownership }: OwnGuest, name: string): void => {
  const { spec } = ownership;
  if (isAdopted(spec) || findImage(spec.image) !== undefined) return;
  throw conflict(`${name} is made of ${spec.image}, an image that this version does not know`, 'use a newer Innkeeper');
};

const placeOf = ({ host, driver, backend, observation, ownership }: OwnGuest, name: string): Place => ({
  host,
  driver,
  backend,
  ...(isAdopted(ownership.spec) || observation.name !== name ? { guestName: observation.name } : {}),
  ...(ownership.convertedFrom === undefined ? {} : { convertedFrom: ownership.convertedFrom }),
});

const holdNetworks = async (tx: Db, { host, uuid, ownership }: OwnGuest, name: string): Promise<void> => {
  const own = await listNetworks(tx);
  for (const [position, { network, mac, address, address6 }] of ownership.claims.networks.entries()) {
    // Fixed addresses are given only on networks that hosts share.
    const shared = address !== undefined && isLan(own.find((one) => one.name === network)?.spec.mode);
    const holder = await holdNetwork(tx, {
      workloadId: uuid,
      position,
      host,
      network,
      mac,
      address: address ?? null,
      address6: address6 ?? null,
      scope: shared ? everywhere : host,
    });
    if (holder !== undefined)
      throw conflict(
        `${name} has the interface ${mac}${address === undefined ? '' : ` with ${address}`} on ${network}, which ${holder} holds`,
        `take it from ${holder}, then recover again`,
      );
  }
};

/** What somebody else publishes by now stays theirs. */
const holdPorts = async (tx: Db, { host, uuid, ownership }: OwnGuest): Promise<string[]> => {
  const notes: string[] = [];
  for (const { position, ...port } of publicationsOf(completeSpec(ownership.spec).networks)) {
    const mac = ownership.claims.networks[position]?.mac;
    if (mac === undefined) continue;
    const holder = await holdPort(tx, { ...port, workloadId: uuid, host, mac });
    if (holder !== undefined) notes.push(`${portText(port)} of ${host} is held by ${holder} and is not published`);
  }
  return notes;
};

const holdDevices = async (tx: Db, { host, uuid, ownership }: OwnGuest): Promise<string[]> => {
  const { devices } = completeSpec(ownership.spec);
  if (devices.length === 0) return [];
  const lost = `${devices.map(({ text }) => text).join(', ')} of ${host} could not be claimed for it`;
  try {
    await part(tx, async (inner) => {
      if (!(await claimDevices(inner, { workloadId: uuid, host }, devices))) throw conflict(lost);
    });
    return [];
  } catch (error) {
    if (error instanceof InnkeeperError) return [lost];
    throw error;
  }
};

const claimAll = async (tx: Db, guest: OwnGuest, name: string): Promise<string[]> => {
  const { host, uuid, ownership } = guest;
  const spec = completeSpec(ownership.spec);
  const { uidStart } = ownership.claims;
  await claimUsed(tx, {
    workloadId: uuid,
    host,
    cpus: spec.cpus,
    memoryBytes: spec.memoryBytes,
    diskBytes: isAdopted(ownership.spec) ? 0 : diskAsked(spec),
  });
  const holder = uidStart === undefined ? undefined : await holdUidRange(tx, uuid, uidStart);
  if (holder !== undefined)
    throw conflict(`${name} has the user ids from ${uidStart} on, which ${holder} holds`, `remove one of the two`);
  await holdNetworks(tx, guest, name);
  return [...(await holdPorts(tx, guest)), ...(await holdDevices(tx, guest))];
};

const save = async (tx: Db, guest: OwnGuest, name: string, before: WorkloadRow | undefined): Promise<void> => {
  const { uuid, ownership, host } = guest;
  if (before !== undefined && before.name !== name) await renameWorkload(tx, uuid, name);
  await saveRecovered(tx, {
    id: uuid,
    name,
    spec: specOf(guest),
    generation: Math.max(ownership.generation, before?.generation ?? 0),
    placed: placeOf(guest, name),
    reason: before?.reason ?? `was taken back from ${host}, where it is`,
  });
};

/**
 * Makes a guest that is there a workload again, with everything that it holds; nothing on its host is changed. `before`
 * is what the inventory knows of it. To be called in a transaction, in a {@link part} of which it leaves nothing when it
 * throws `conflict`: for a name, ids, or an interface that another workload has.
 */
export const takeBack = async (tx: Db, guest: OwnGuest, before?: WorkloadRow): Promise<RecoveredWorkload> => {
  const { uuid, host, driver, observation, ownership } = guest;
  const { name, note } = nameOf(guest);
  requireKnownImage(guest, name);
  try {
    await save(tx, guest, name, before);
  } catch (error) {
    if (!isDuplicate(error, 'workloads_name_unique')) throw error;
    throw conflict(`Another workload is called ${name}`, `inn rename ${name} OTHER, then recover again`);
  }
  await releaseClaims(tx, uuid);
  const notes = await claimAll(tx, guest, name);
  if (observation.state === 'running') await markRunning(tx, uuid, host);
  return {
    id: uuid,
    name,
    host,
    driver,
    state: observation.state,
    generation: ownership.generation,
    what: before === undefined ? 'taken back' : 'newer',
    notes: [...(note === undefined ? [] : [note]), ...notes],
  };
};
