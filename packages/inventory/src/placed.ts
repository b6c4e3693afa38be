import { eq, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import type { SeenGuest } from './guests.ts';
import type { HostRow } from './hosts.ts';
import { guests, hosts, workloads } from './schema.ts';
import type { WorkloadRow } from './workloads.ts';

/** A workload with where it is placed and what is there. */
export interface PlacedRow {
  readonly workload: WorkloadRow;
  /** Null before it is placed. */
  readonly host: HostRow | null;
  /** Null when there is none. */
  readonly guest: SeenGuest | null;
  /** Whether its newest unfinished operation was put aside. */
  readonly waiting: boolean;
}

/** In one statement, for those who wait for it with a command in their hands. */
export const findPlaced = async (db: Db, name: string): Promise<PlacedRow | undefined> => {
  const rows = await db
    .select({
      workload: workloads,
      host: hosts,
      guest: guests,
      waiting: sql<boolean>`coalesce((select o.state = 'waiting' from innkeeper.operations o
        where o.workload_id = ${workloads.id} and o.finished_at is null order by o.seq desc limit 1), false)`,
    })
    .from(workloads)
    .leftJoin(hosts, sql`${hosts.name} = ${workloads.placed}->>'host'`)
    .leftJoin(
      guests,
      sql`${guests.host} = ${workloads.placed}->>'host' and ${guests.driver} = ${workloads.placed}->>'driver'
        and ${guests.uuid} = ${workloads.id}::text`,
    )
    .where(eq(workloads.name, name));
  return rows[0];
};
