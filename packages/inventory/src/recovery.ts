import type { PublishedPort, WorkloadSpec } from '@innkeeper/model';
import { and, eq, sql } from 'drizzle-orm';
import type { CapacityClaim } from './claims.ts';
import type { Db } from './database.ts';
import type { GuestRow } from './guests.ts';
import { listGuests } from './guests.ts';
import { networkClaims, type Place, portClaims, uidClaims, workloads } from './schema.ts';

/** A part of a transaction: when it throws, what it wrote is taken back, and the rest of the transaction can go on. */
export const part = <T>(tx: Db, work: (inner: Db) => Promise<T>): Promise<T> =>
  tx.transaction((inner) => work(inner as unknown as Db));

/** Guests of one installation that the inventory does not know; `on` one host, or all. */
export const listLost = async (db: Db, installation: string, on?: string): Promise<GuestRow[]> =>
  (await listGuests(db)).filter(
    ({ lost, host, uuid, observation: { ownership } }) =>
      lost === true &&
      (on === undefined || host === on) &&
      ownership?.installation === installation &&
      ownership.workloadId === uuid,
  );

export interface RecoveredWorkload {
  readonly id: string;
  readonly name: string;
  readonly spec: WorkloadSpec;
  readonly generation: number;
  readonly placed: Place;
  readonly reason: string;
}

/**
 * The record of a guest that is there: made, or brought to what the guest says where it is of an earlier time. Throws a
 * duplicate of `workloads_name_unique` when another workload has the name.
 */
export const saveRecovered = async (db: Db, row: RecoveredWorkload): Promise<void> => {
  const { spec, generation, placed, reason } = row;
  const known = {
    spec,
    generation,
    placed,
    reason,
    appliedGeneration: generation,
    state: 'ready' as const,
    error: null,
  };
  await db
    .insert(workloads)
    .values({ ...row, ...known })
    .onConflictDoUpdate({ target: workloads.id, set: known });
};

/** Claims what is in use already, whether or not there is room for it. The workload must hold none yet. */
export const claimUsed = async (db: Db, claim: Omit<CapacityClaim, 'foreign'>): Promise<void> => {
  await db.execute(sql`
    with taken as (
      update innkeeper.hosts
      set cpus_claimed = cpus_claimed + ${claim.cpus}, memory_claimed = memory_claimed + ${claim.memoryBytes},
        cpus_ceiling = greatest(cpus_ceiling, cpus_claimed + ${claim.cpus}),
        memory_ceiling = greatest(memory_ceiling, memory_claimed + ${claim.memoryBytes})
      where name = ${claim.host} returning name
    )
    insert into innkeeper.capacity_claims (workload_id, host, cpus, memory_bytes, disk_bytes)
    select ${claim.workloadId}, name, ${claim.cpus}, ${claim.memoryBytes}, ${claim.diskBytes} from taken`);
};

/** A range of ids that a guest has; answers the name of the workload that holds it instead. */
export const holdUidRange = async (db: Db, workloadId: string, start: number): Promise<string | undefined> => {
  const rows = await db
    .insert(uidClaims)
    .values({ start, workloadId })
    .onConflictDoNothing()
    .returning({ start: uidClaims.start });
  if (rows.length > 0) return undefined;
  const [holder] = await db
    .select({ name: workloads.name })
    .from(uidClaims)
    .innerJoin(workloads, eq(workloads.id, uidClaims.workloadId))
    .where(eq(uidClaims.start, start));
  return holder?.name ?? 'another workload';
};

/** An interface that a guest has; answers the name of the workload that holds its MAC or an address of it instead. */
export const holdNetwork = async (db: Db, claim: typeof networkClaims.$inferInsert): Promise<string | undefined> => {
  const rows = await db.insert(networkClaims).values(claim).onConflictDoNothing().returning({ mac: networkClaims.mac });
  if (rows.length > 0) return undefined;
  const [holder] = await db
    .select({ name: workloads.name })
    .from(networkClaims)
    .innerJoin(workloads, eq(workloads.id, networkClaims.workloadId))
    .where(
      sql`${networkClaims.mac} = ${claim.mac} or (${networkClaims.scope} = ${claim.scope} and ${networkClaims.network} = ${claim.network}
        and (${networkClaims.address} = ${claim.address ?? null} or ${networkClaims.address6} = ${claim.address6 ?? null}))`,
    );
  return holder?.name ?? 'another workload';
};

/** A port of a host that a guest publishes; answers the name of the workload that holds it instead. */
export const holdPort = async (
  db: Db,
  claim: PublishedPort & { readonly workloadId: string; readonly host: string; readonly mac: string },
): Promise<string | undefined> => {
  const rows = await db.insert(portClaims).values(claim).onConflictDoNothing().returning({ mac: portClaims.mac });
  if (rows.length > 0) return undefined;
  const { host, protocol, port } = claim;
  const [holder] = await db
    .select({ name: workloads.name })
    .from(portClaims)
    .innerJoin(workloads, eq(workloads.id, portClaims.workloadId))
    .where(and(eq(portClaims.host, host), eq(portClaims.protocol, protocol), eq(portClaims.port, port)));
  return holder?.name ?? 'another workload';
};
