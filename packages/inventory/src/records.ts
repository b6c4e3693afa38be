import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';
import type { EventView, PlacementRecord, Role } from '@innkeeper/model';
import { asc, desc, eq, gt, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { events, installation, placements, tokens } from './schema.ts';

/** Made once; guests carry it, so that two installations on one libvirt leave each other's alone. */
export const installationId = async (db: Db): Promise<string> => {
  const [row] = await db.select().from(installation);
  if (row !== undefined) return row.id;
  await db.execute(
    sql`insert into innkeeper.installation (id) select ${randomUUID()}::uuid where not exists (select 1 from innkeeper.installation)`,
  );
  return installationId(db);
};

const unpack = promisify(gunzip);
const squeeze = promisify<Buffer, { readonly level: number }, Buffer>(gzip);
const pack = (value: unknown): Promise<Buffer> =>
  squeeze(Buffer.from(JSON.stringify(value)), { level: constants.Z_BEST_SPEED });

/** Records with what they were decided from are large: older ones of the same workload go. */
const keptPlacements = 10;

export const insertPlacement = async (
  db: Db,
  workloadId: string,
  record: PlacementRecord,
  input: unknown,
): Promise<string> => {
  const [row] = await db
    .insert(placements)
    .values({ workloadId, workloadName: record.workload, record, input: await pack(input) })
    .returning({ id: placements.id });
  return (row as { id: string }).id;
};

/** Leaves the latest records of a workload. */
export const prunePlacements = async (db: Db, workloadId: string): Promise<void> => {
  await db.execute(sql`
    delete from innkeeper.placements where id in (
      select id from innkeeper.placements where workload_id = ${workloadId}
      order by decided_at desc offset ${keptPlacements})`);
};

export type PlacementRow = typeof placements.$inferSelect;

/** Newest first; of one workload when a name is given. */
export const listPlacements = (db: Db, limit: number, name?: string): Promise<Omit<PlacementRow, 'input'>[]> =>
  db
    .select({
      id: placements.id,
      workloadId: placements.workloadId,
      workloadName: placements.workloadName,
      record: placements.record,
      decidedAt: placements.decidedAt,
    })
    .from(placements)
    .where(name === undefined ? undefined : eq(placements.workloadName, name))
    .orderBy(desc(placements.decidedAt))
    .limit(limit);

export const findPlacement = async (db: Db, id: string): Promise<PlacementRow | undefined> =>
  (await db.select().from(placements).where(eq(placements.id, id)))[0];

/** What a record was decided from; undefined when it was not kept. */
export const inputOf = async ({ input }: PlacementRow): Promise<unknown> =>
  input === null ? undefined : JSON.parse((await unpack(input)).toString('utf8'));

export const latestPlacement = async (
  db: Db,
  workloadId: string,
): Promise<{ record: PlacementRecord; decidedAt: Date } | undefined> =>
  (
    await db
      .select()
      .from(placements)
      .where(eq(placements.workloadId, workloadId))
      .orderBy(desc(placements.decidedAt))
      .limit(1)
  )[0];

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
