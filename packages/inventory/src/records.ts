import { randomUUID } from 'node:crypto';
import type { EventView, Role } from '@innkeeper/model';
import { asc, desc, eq, gt, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { events, installation, tokens } from './schema.ts';

/**
 * Made once; guests carry it, so that two installations on one libvirt leave each other's alone. `earlier` is the id that the
 * machine remembers: a database without one was made anew, and is behind what hosts know.
 */
export const installationId = async (db: Db, earlier?: string): Promise<string> => {
  const [row] = await db.select().from(installation);
  if (row !== undefined) return row.id;
  await db.execute(
    sql`insert into innkeeper.installation (id, behind) select ${earlier ?? randomUUID()}::uuid, ${earlier !== undefined}
      where not exists (select 1 from innkeeper.installation)`,
  );
  return installationId(db, earlier);
};

/** Takes the place of another installation, whose database is lost. Its guests have to be looked for. */
export const changeInstallation = async (db: Db, id: string): Promise<void> => {
  await db.update(installation).set({ id, behind: true });
};

/** Whether the hosts may know more than this database. */
export const isBehind = async (db: Db): Promise<boolean> =>
  (await db.select({ behind: installation.behind }).from(installation))[0]?.behind === true;

export const setBehind = async (db: Db, behind: boolean): Promise<void> => {
  await db.update(installation).set({ behind });
};

export interface NewEvent {
  readonly kind: string;
  readonly subject: EventView['subject'];
  readonly text: string;
}

export const eventsChannel = 'innkeeper_events';
const eventsLock = 0x1_4b_ee_9e_5;

/**
 * Ids are given under a lock that is held until commit, so that they become visible in their order:
 * a reader that has seen id 7 has missed none below it.
 */
export const insertEvent = async (db: Db, event: NewEvent): Promise<void> => {
  const { kind, subject, text } = event;
  await db.execute(sql`
    with locked as materialized (select pg_advisory_xact_lock(${eventsLock})),
    written as (
      insert into innkeeper.events (kind, subject_kind, subject_id, subject_name, text)
      select ${kind}, ${subject.kind}, ${subject.id}, ${subject.name}, ${text} from locked returning id
    )
    select pg_notify(${eventsChannel}, '') from written`);
};

export const listEventsAfter = async (db: Db, after: number, limit: number): Promise<EventView[]> => {
  const rows = await db.select().from(events).where(gt(events.id, after)).orderBy(asc(events.id)).limit(limit);
  return rows.map((row) => ({
    id: String(row.id),
    at: row.at.toISOString(),
    kind: row.kind,
    subject: { kind: row.subjectKind, id: row.subjectId, name: row.subjectName },
    text: row.text,
  }));
};

export const newestEventId = async (db: Db): Promise<number> =>
  (await db.select({ id: events.id }).from(events).orderBy(desc(events.id)).limit(1))[0]?.id ?? 0;

export type TokenRow = typeof tokens.$inferSelect;

export const listTokens = (db: Db): Promise<TokenRow[]> => db.select().from(tokens).orderBy(asc(tokens.name));

export const insertToken = async (db: Db, token: { name: string; role: Role; hash: string }): Promise<TokenRow> => {
  const [row] = await db.insert(tokens).values(token).returning();
  return row as TokenRow;
};

export const useToken = async (db: Db, hash: string): Promise<TokenRow | undefined> =>
  (await db.update(tokens).set({ lastUsedAt: sql`now()` }).where(eq(tokens.hash, hash)).returning())[0];

export const deleteToken = async (db: Db, id: string): Promise<boolean> =>
  (await db.delete(tokens).where(eq(tokens.id, id)).returning({ id: tokens.id })).length === 1;
