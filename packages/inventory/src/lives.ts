import type { GuestEnding, GuestState } from '@innkeeper/model';
import { and, eq, inArray, isNotNull, isNull, ne, or, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { guests, hosts, workloads } from './schema.ts';
import type { WorkloadRow } from './workloads.ts';

/** A workload that may end, or be started again, by itself, with what that depends on. */
export interface LifeRow {
  readonly workload: WorkloadRow;
  /** What its guest was last seen doing; null when there is none. */
  readonly guest: GuestState | null;
  /** Of its host; null before it is placed. */
  readonly hostState: typeof hosts.$inferSelect.state | null;
  /** Somebody has said that its host is dead, and nobody that it is back. */
  readonly quarantined: boolean;
  readonly bootId: string | null;
  /** Whether an operation of it is unfinished, and whether one of them removes it. */
  readonly busy: boolean;
  readonly leaving: boolean;
}

const { spec } = workloads;

/** Those whose manifest says `restart`, `ephemeral` or `ttl`, in one statement however many guests there are. */
export const listLives = (db: Db): Promise<LifeRow[]> =>
  db
    .select({
      workload: workloads,
      guest: sql<GuestState | null>`${guests.observation}->>'state'`,
      hostState: hosts.state,
      quarantined: sql<boolean>`${hosts.confirmedDeadAt} is not null`,
      bootId: sql<string | null>`${hosts.machine}->>'bootId'`,
      busy: sql<boolean>`exists (select 1 from innkeeper.operations o
        where o.workload_id = ${workloads.id} and o.finished_at is null)`,
      leaving: sql<boolean>`exists (select 1 from innkeeper.operations o
        where o.workload_id = ${workloads.id} and o.finished_at is null and o.kind = 'remove')`,
    })
    .from(workloads)
    .leftJoin(hosts, sql`${hosts.name} = ${workloads.placed}->>'host'`)
    .leftJoin(
      guests,
      sql`${guests.host} = ${workloads.placed}->>'host' and ${guests.driver} = ${workloads.placed}->>'driver'
        and ${guests.uuid} = ${workloads.id}::text`,
    )
    .where(
      and(
        ne(workloads.state, 'removing'),
        sql`(${spec} ? 'ttl' or ${spec}->>'ephemeral' = 'true' or ${spec}->>'restart' in ('always', 'on-failure'))`,
      ),
    );

/** What was seen of a guest's end. */
export interface SeenEnd {
  readonly id: string;
  readonly ending: GuestEnding;
  /** Whether it had run long enough for the back-off to start over. */
  readonly ranLong: boolean;
}

/** Its guest has ended. Written again for the same end it changes nothing that counts. */
export const recordEnd = async (db: Db, { id, ending, ranLong }: SeenEnd): Promise<void> => {
  await db
    .update(workloads)
    .set({ endedAt: sql`now()`, ending, nextRestartAt: null, ...(ranLong ? { restartStreak: 0 } : {}) })
    .where(eq(workloads.id, id));
};

/** Their guests run, whoever started them: nothing follows from an earlier end. */
export const forgetEnds = async (db: Db, ids: readonly string[]): Promise<void> => {
  if (ids.length === 0) return;
  await db
    .update(workloads)
    .set({ endedAt: null, ending: null, nextRestartAt: null })
    .where(and(inArray(workloads.id, [...ids]), or(isNotNull(workloads.endedAt), isNotNull(workloads.nextRestartAt))));
};

/** False when another process has set the time, or has started it. */
export const scheduleRestart = async (
  db: Db,
  { id, restarts }: Pick<WorkloadRow, 'id' | 'restarts'>,
  at: Date,
): Promise<boolean> => {
  const rows = await db
    .update(workloads)
    .set({ nextRestartAt: at })
    .where(and(eq(workloads.id, id), eq(workloads.restarts, restarts), isNull(workloads.nextRestartAt)))
    .returning({ id: workloads.id });
  return rows.length === 1;
};

/** Takes the restart that is due; false when another process has taken it. */
export const takeRestart = async (db: Db, { id, restarts }: Pick<WorkloadRow, 'id' | 'restarts'>): Promise<boolean> => {
  const rows = await db
    .update(workloads)
    .set({
      restarts: sql`${workloads.restarts} + 1`,
      restartStreak: sql`${workloads.restartStreak} + 1`,
      nextRestartAt: null,
    })
    .where(and(eq(workloads.id, id), eq(workloads.restarts, restarts), isNotNull(workloads.nextRestartAt)))
    .returning({ id: workloads.id });
  return rows.length === 1;
};

/** False when that it is kept for this reason has been told already. */
export const markKept = async (db: Db, id: string, from: string): Promise<boolean> => {
  const rows = await db
    .update(workloads)
    .set({ keptFrom: from })
    .where(and(eq(workloads.id, id), sql`${workloads.keptFrom} is distinct from ${from}`))
    .returning({ id: workloads.id });
  return rows.length === 1;
};
