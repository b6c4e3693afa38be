import type { GuestRef } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Ownership, ownership } from '@innkeeper/model';
import { containerFiles } from './layout.ts';

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

/** As `requireOurs`, and `conflict` for a container that was adopted: its config and its root are its owner's. */
export const requireMade = async (host: Host, guest: GuestRef): Promise<OwnRecord | undefined> => {
  const record = await requireOurs(host, guest);
  if (record?.adopted !== true) return record;
  throw new InnkeeperError(
    'conflict',
    `${guest.name} was adopted: Innkeeper starts and stops it, and changes nothing of it`,
    { hint: `inn release ${guest.name}; its config is ${containerFiles(guest.name).config}` },
  );
};

/** As `requireOurs`, where there has to be one. */
export const requireThere = async (host: Host, guest: GuestRef): Promise<OwnRecord> => {
  const record = await requireOurs(host, guest);
  if (record === undefined) throw new InnkeeperError('not_found', `There is no container ${guest.name}`);
  return record;
};
