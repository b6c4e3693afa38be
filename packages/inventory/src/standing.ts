import type { GuestState } from '@innkeeper/model';
import { eq, getTableColumns, or, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { guests, hosts, workloads } from './schema.ts';
import type { WorkloadRow } from './workloads.ts';

/** A workload, with what its state is told from. */
export interface Standing {
  readonly workload: WorkloadRow;
  /** Of its host; null before it is placed. */
  readonly hostState: typeof hosts.$inferSelect.state | null;
  /** What its guest was last seen doing; null when there is none. */
  readonly guest: GuestState | null;
  /** Whether the newest of its operations that are not finished was put aside. */
  readonly waits: boolean;
}

/** By its name or its id, in one statement; undefined when there is none. */
export const findStanding = async (db: Db, ref: string): Promise<Standing | undefined> => {
  const [row] = await db
    .select({
      ...getTableColumns(workloads),
      hostState: hosts.state,
      guest: sql<GuestState | null>`${guests.observation}->>'state'`,
      newest: sql<string | null>`(select o.state from innkeeper.operations o
        where o.workload_id = ${workloads.id} and o.finished_at is null order by o.seq desc limit 1)`,
    })
    .from(workloads)
    .leftJoin(hosts, sql`${hosts.name} = ${workloads.placed}->>'host'`)
    .leftJoin(
      guests,
      sql`${guests.host} = ${workloads.placed}->>'host' and ${guests.driver} = ${workloads.placed}->>'driver'
        and ${guests.uuid} = ${workloads.id}::text`,
    )
    .where(or(eq(workloads.name, ref), eq(sql`${workloads.id}::text`, ref)));
  if (row === undefined) return undefined;
  const { hostState, guest, newest, ...workload } = row;
  return { workload, hostState, guest, waits: newest === 'waiting' };
};
