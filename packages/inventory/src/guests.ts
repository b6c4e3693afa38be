import type { GuestObservation } from '@innkeeper/model';
import { and, eq, getTableColumns, inArray, or, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { eventInserted, eventsLock, type NewEvent } from './records.ts';
import { guests } from './schema.ts';

export interface GuestRow extends SeenGuest {
  /** Its metadata says that it is a workload's, and the inventory has no such workload. */
  readonly lost?: boolean;
}

/** As it was seen, without a look at whether the inventory knows it. */
export type SeenGuest = typeof guests.$inferSelect;

/** Ids of workloads are compared as text: those of classic containers need not be any. */
const lost = sql<boolean>`(${guests.observation} ? 'ownership' and not exists (
  select 1 from innkeeper.workloads w where w.id::text = ${guests.uuid}))`;

export const listGuests = (db: Db): Promise<GuestRow[]> => db.select({ ...getTableColumns(guests), lost }).from(guests);

/** By their names or their ids. */
export const findGuests = (db: Db, refs: readonly string[]): Promise<GuestRow[]> =>
  db
    .select({ ...getTableColumns(guests), lost })
    .from(guests)
    .where(or(inArray(guests.uuid, [...refs]), inArray(sql`${guests.observation} ->> 'name'`, [...refs])));

/** Of all guests of one driver of one host, or of one of them. */
export interface Reading {
  readonly host: string;
  readonly driver: string;
  /** When the look was begun, by the database's clock: {@link readingBegins}. */
  readonly begunAt: string;
  /** Of this guest alone. */
  readonly only?: string;
}

/**
 * Writes what was seen; rows that have not changed are not written, so that an idle host costs no disk, nor those that were
 * seen by a look that was begun later.
 */
export const upsertGuests = async (
  db: Db,
  { host, driver, begunAt }: Reading,
  seen: readonly GuestObservation[],
): Promise<void> => {
  if (seen.length === 0) return;
  const seenAt = sql`${begunAt}::timestamptz`;
  await db
    .insert(guests)
    .values(seen.map((observation) => ({ host, driver, uuid: observation.uuid, observation, seenAt })))
    .onConflictDoUpdate({
      target: [guests.host, guests.driver, guests.uuid],
      set: { observation: sql`excluded.observation`, seenAt: sql`excluded.seen_at` },
      setWhere: sql`${guests.observation} is distinct from excluded.observation and ${guests.seenAt} <= excluded.seen_at`,
    });
};

/** A guest as it is known. */
export interface KnownGuest {
  readonly observation: GuestObservation;
  /** Seen by a look that was begun later than the reading that asks. */
  readonly later: boolean;
}

export const guestsOf = (db: Db, { host, driver, begunAt, only }: Reading): Promise<KnownGuest[]> =>
  db
    .select({ observation: guests.observation, later: sql<boolean>`${guests.seenAt} > ${begunAt}::timestamptz` })
    .from(guests)
    .where(
      and(eq(guests.host, host), eq(guests.driver, driver), ...(only === undefined ? [] : [eq(guests.uuid, only)])),
    );

/** Forgets guests of one driver of one host that are not there any more. */
export const forgetGuests = async (db: Db, { host, driver }: Reading, uuids: readonly string[]): Promise<void> => {
  if (uuids.length === 0) return;
  await db
    .delete(guests)
    .where(and(eq(guests.host, host), eq(guests.driver, driver), inArray(guests.uuid, [...uuids])));
};

/** Of the database's clock, for {@link takeReading}. */
export const readingBegins = async (db: Db): Promise<string> => {
  const [row] = await db.execute<{ at: string }>(sql`select clock_timestamp()::text as at`);
  return row?.at ?? '';
};

/** The end of this transaction is not waited for on the disk: whatever a power cut takes of a look, the next look sees again. */
const unwaited = sql`set_config('synchronous_commit', 'off', true)`;

/**
 * True when no reading of all guests that was begun later is kept already; none is until the transaction ends. Several
 * processes may read one host, and looks at single guests are kept beside each other.
 */
export const takeReading = async (db: Db, { host, driver, begunAt, only }: Reading): Promise<boolean> => {
  if (only !== undefined) {
    const [row] = await db.execute<{ late: boolean }>(sql`
      select begun_at > ${begunAt}::timestamptz as late, ${unwaited} from innkeeper.readings
      where host = ${host} and driver = ${driver} for share`);
    return row?.late !== true;
  }
  const rows = await db.execute(sql`
    insert into innkeeper.readings (host, driver, begun_at) values (${host}, ${driver}, ${begunAt}::timestamptz)
    on conflict (host, driver) do update set begun_at = excluded.begun_at where readings.begun_at <= excluded.begun_at
    returning ${unwaited}`);
  return rows.length === 1;
};

/** A guest that is another than it was, and what is told of that. */
export interface Turned {
  readonly before: GuestObservation;
  readonly seen: GuestObservation;
  readonly event: NewEvent;
}

/**
 * Keeps what a look at a single guest found, and tells it, in one statement: the lock under which events are numbered is held
 * for no answer of this process. False when the guest is not known as it was `before` any more, or a reading that was begun
 * later is kept: then nothing is done.
 */
export const keepTurned = async (
  db: Db,
  { host, driver, begunAt }: Reading,
  { before, seen, event }: Turned,
): Promise<boolean> => {
  const rows = await db.execute(sql`
    with reading as (
      select begun_at > ${begunAt}::timestamptz as late from innkeeper.readings where host = ${host} and driver = ${driver} for share
    ), kept as (
      update innkeeper.guests set observation = ${JSON.stringify(seen)}::jsonb, seen_at = ${begunAt}::timestamptz
      where host = ${host} and driver = ${driver} and uuid = ${seen.uuid} and observation = ${JSON.stringify(before)}::jsonb
        and seen_at <= ${begunAt}::timestamptz and (select late from reading) is not true
      returning uuid
    ), locked as materialized (select ${eventsLock}, ${unwaited} from kept)
    ${eventInserted(event, sql``)} returning id`);
  return rows.length === 1;
};

export const deleteGuest = async (db: Db, host: string, driver: string, uuid: string): Promise<void> => {
  await db.delete(guests).where(and(eq(guests.host, host), eq(guests.driver, driver), eq(guests.uuid, uuid)));
};
