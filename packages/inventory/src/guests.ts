import type { GuestObservation } from '@innkeeper/model';
import { and, eq, getTableColumns, inArray, or, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
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

/** Writes what was seen; rows that have not changed are not written, so that an idle host costs no disk. */
export const upsertGuests = async (
  db: Db,
  host: string,
  driver: string,
  seen: readonly GuestObservation[],
): Promise<void> => {
  if (seen.length === 0) return;
  await db
    .insert(guests)
    .values(seen.map((observation) => ({ host, driver, uuid: observation.uuid, observation })))
    .onConflictDoUpdate({
      target: [guests.host, guests.driver, guests.uuid],
      set: { observation: sql`excluded.observation`, seenAt: sql`now()` },
      setWhere: sql`${guests.observation} is distinct from excluded.observation`,
    });
};

/** As they were seen last, of one driver of one host. */
export const guestsOf = async (db: Db, host: string, driver: string): Promise<GuestObservation[]> =>
  (
    await db
      .select({ observation: guests.observation })
      .from(guests)
      .where(and(eq(guests.host, host), eq(guests.driver, driver)))
  ).map(({ observation }) => observation);

/** Forgets guests of one driver of one host that are not there any more. */
export const forgetGuests = async (db: Db, host: string, driver: string, uuids: readonly string[]): Promise<void> => {
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

/**
 * True when no reading that was begun later is kept already; no other of this host and driver is kept until the transaction
 * ends. Several processes may read one host.
 */
export const takeReading = async (db: Db, host: string, driver: string, begunAt: string): Promise<boolean> => {
  const rows = await db.execute(sql`
    insert into innkeeper.readings (host, driver, begun_at) values (${host}, ${driver}, ${begunAt}::timestamptz)
    on conflict (host, driver) do update set begun_at = excluded.begun_at where readings.begun_at <= excluded.begun_at
    returning host`);
  return rows.length === 1;
};

export const deleteGuest = async (db: Db, host: string, driver: string, uuid: string): Promise<void> => {
  await db.delete(guests).where(and(eq(guests.host, host), eq(guests.driver, driver), eq(guests.uuid, uuid)));
};
