import { randomUUID } from 'node:crypto';
import type { EventView, Scope } from '@innkeeper/model';
import { and, asc, desc, gt, type SQL, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { lastProjectOf, within } from './project.ts';
import { events, installation } from './schema.ts';

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

/** Says nothing when there are new events, and the ids of operations, with commas, that have ended or were put aside. */
export const eventsChannel = 'innkeeper_events';

const workloadId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Of the workload that an event is about; guests have the ids of their workloads. */
const projectOfSubject = ({ kind, id }: EventView['subject']) =>
  (kind === 'workload' || kind === 'guest') && workloadId.test(id) ? lastProjectOf(id) : sql`null::text`;

/**
 * Ids are given under this lock, which is held until commit, so that they become visible in their order: a reader that has seen id 7
 * has missed none below it.
 */
export const eventsLock = sql`pg_advisory_xact_lock(${0x1_4b_ee_9e_5}::bigint)`;
export const eventsLocked = sql`locked as materialized (select ${eventsLock})`;

/** Of a statement that has `eventsLocked`, or another such `locked`; for each row of what else it reads `from`. */
export const eventInserted = ({ kind, subject, text }: NewEvent, from: SQL): SQL => sql`
  insert into innkeeper.events (kind, subject_kind, subject_id, subject_name, project, text)
  select ${kind}, ${subject.kind}, ${subject.id}, ${subject.name}, ${projectOfSubject(subject)}, ${text} from locked${from}`;

export const insertEvent = async (db: Db, event: NewEvent): Promise<void> => {
  await db.execute(sql`with ${eventsLocked} ${eventInserted(event, sql``)}`);
};

/** Tells all who listen, in every process, of what is written already. */
export const announce = async (db: Db, { operations }: { readonly operations: readonly string[] }): Promise<void> => {
  await db.execute(
    operations.length === 0
      ? sql`select pg_notify(${eventsChannel}, '')`
      : sql`select pg_notify(${eventsChannel}, ''), pg_notify(${eventsChannel}, ${operations.join(',')})`,
  );
};

export const listEventsAfter = async (db: Db, after: number, limit: number, scope: Scope): Promise<EventView[]> => {
  const rows = await db
    .select()
    .from(events)
    .where(and(gt(events.id, after), within(events.project, scope)))
    .orderBy(asc(events.id))
    .limit(limit);
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
