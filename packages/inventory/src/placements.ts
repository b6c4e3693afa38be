import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';
import type { PlacementRecord, Scope } from '@innkeeper/model';
import { and, desc, eq, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { projectOfWorkload, within } from './project.ts';
import { placements } from './schema.ts';

const gunzipped = promisify(gunzip);
const gzipped = promisify<Buffer, { readonly level: number }, Buffer>(gzip);

const pack = (value: unknown): Promise<Buffer> =>
  gzipped(Buffer.from(JSON.stringify(value)), { level: constants.Z_BEST_SPEED });
const unpack = async (packed: Buffer): Promise<unknown> => JSON.parse((await gunzipped(packed)).toString('utf8'));

/** Records with what they were decided from are large: older ones of the same workload go. */
const keptPlacements = 10;

/** Keeps a decision, and what it was made from, so that it can be shown and made again; the new id. */
export const insertPlacement = async (
  db: Db,
  workloadId: string,
  record: PlacementRecord,
  input: unknown,
): Promise<string> => {
  const { workload: workloadName, winner = null, reason } = record;
  const [packedRecord, packedInput] = await Promise.all([pack(record), pack(input)]);
  const [row] = await db
    .insert(placements)
    .values({
      workloadId,
      workloadName,
      project: projectOfWorkload(workloadId),
      winner,
      reason,
      packedRecord,
      input: packedInput,
    })
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

const summary = {
  id: placements.id,
  workloadName: placements.workloadName,
  winner: placements.winner,
  reason: placements.reason,
  decidedAt: placements.decidedAt,
};

export type PlacementRow = typeof placements.$inferSelect;
export type PlacementSummary = Pick<PlacementRow, keyof typeof summary>;

/** Newest first, without the records themselves; of one workload when a name is given. */
export const listPlacements = (
  db: Db,
  { limit, name, scope }: { readonly limit: number; readonly name?: string | undefined; readonly scope?: Scope },
): Promise<PlacementSummary[]> =>
  db
    .select(summary)
    .from(placements)
    .where(and(name === undefined ? undefined : eq(placements.workloadName, name), within(placements.project, scope)))
    .orderBy(desc(placements.decidedAt))
    .limit(limit);

export const findPlacement = async (db: Db, id: string): Promise<PlacementRow | undefined> =>
  (await db.select().from(placements).where(eq(placements.id, id)))[0];

/** The decision as it was made. */
export const recordOf = async ({
  record,
  packedRecord,
}: Pick<PlacementRow, 'record' | 'packedRecord'>): Promise<PlacementRecord> => {
  if (packedRecord !== null) return (await unpack(packedRecord)) as PlacementRecord;
  if (record !== null) return record;
  throw new Error('a placement was kept without its record');
};

/** What a record was decided from; undefined when it was not kept. */
export const inputOf = async ({ input }: PlacementRow): Promise<unknown> =>
  input === null ? undefined : unpack(input);

/** The newest decision on a workload; undefined when there was none. */
export const latestRecord = async (db: Db, workloadId: string): Promise<PlacementRecord | undefined> => {
  const [row] = await db
    .select({ record: placements.record, packedRecord: placements.packedRecord })
    .from(placements)
    .where(eq(placements.workloadId, workloadId))
    .orderBy(desc(placements.decidedAt))
    .limit(1);
  return row === undefined ? undefined : recordOf(row);
};
