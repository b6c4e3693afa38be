import type { GuestRef } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Ownership, ownership } from '@innkeeper/model';
import { containerFiles, foreignUuid } from './layout.ts';

/** `innkeeper.json` beside a container's config: what makes it ours. */
export interface OwnRecord {
  /** The folder that it was written into: a container that somebody copied is not ours by the copy. */
  readonly name: string;
  readonly uuid: string;
  /** It was there before us: its config and its root are its owner's, and `release` gives it back. */
  readonly adopted: boolean;
  readonly ownership: Ownership;
}

/** Undefined for what is no record of ours, or does not make sense: the container is foreign then. */
export const parseRecord = (name: string, text: string | undefined): OwnRecord | undefined => {
  if (text === undefined) return undefined;
  try {
    const { name: written, uuid, adopted, ownership: owned } = JSON.parse(text) as Record<string, unknown>;
    const parsed = ownership.safeParse(owned);
    return parsed.success && typeof uuid === 'string' && written === name
      ? { name, uuid, adopted: adopted === true, ownership: parsed.data }
      : undefined;
  } catch {
    return undefined;
  }
};

export const readRecord = async (host: Host, name: string): Promise<OwnRecord | undefined> =>
  parseRecord(name, await host.files.readTextIfThere(containerFiles(name).record));

export const writeRecord = (host: Host, record: OwnRecord): Promise<void> =>
  host.files.write(containerFiles(record.name).record, `${JSON.stringify(record, null, 2)}\n`);

/**
 * The record of a container that is ours, undefined when there is no container of that name.
 * Throws `conflict` for every other one: it is never touched.
 */
export const requireOurs = async (host: Host, { uuid, name }: GuestRef): Promise<OwnRecord | undefined> => {
  const record = await readRecord(host, name);
  if (record?.uuid === uuid) return record;
  if (record === undefined && (await host.files.facts(containerFiles(name).config)) === undefined) return undefined;
  throw new InnkeeperError('conflict', `${name} is a container that Innkeeper did not create: it is never touched`);
};

/** As `requireOurs`, where there has to be one. */
export const requireThere = async (host: Host, guest: GuestRef): Promise<OwnRecord> => {
  const record = await requireOurs(host, guest);
  if (record === undefined) throw new InnkeeperError('not_found', `There is no container ${guest.name}`);
  return record;
};

/** Takes a foreign container over where it stands: only our record is added, which LXC does not read. */
export const adoptContainer = async (host: Host, { uuid, name }: GuestRef, owned: Ownership): Promise<void> => {
  const record = await readRecord(host, name);
  const isNew = record === undefined;
  const files = containerFiles(name);
  if (isNew && (await host.files.facts(files.config)) === undefined)
    throw new InnkeeperError('not_found', `There is no container ${name} to adopt`);
  if (isNew && (await host.files.facts(files.record)) !== undefined)
    throw new InnkeeperError('conflict', `${name} has a record of Innkeeper's that is not its own`, {
      hint: `remove ${files.record}, which a copy or a damage left there`,
    });
  if (uuid !== (record?.uuid ?? foreignUuid(name)) || (!isNew && record.ownership.workloadId !== owned.workloadId))
    throw new InnkeeperError('conflict', `${name} belongs to another workload`);
  await writeRecord(host, { name, uuid, adopted: record?.adopted ?? true, ownership: owned });
};

/** Gives an adopted container back as it was. One that we made has nobody to go back to. */
export const releaseContainer = async (host: Host, guest: GuestRef): Promise<void> => {
  const record = await readRecord(host, guest.name);
  if (record === undefined) return;
  if (record.uuid !== guest.uuid) throw new InnkeeperError('conflict', `${guest.name} belongs to another workload`);
  if (!record.adopted)
    throw new InnkeeperError('conflict', `${guest.name} was created by Innkeeper, not adopted: it cannot be released`);
  await host.files.remove(containerFiles(guest.name).record);
};
