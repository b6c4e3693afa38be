import { InnkeeperError, uidRangeSize } from '@innkeeper/model';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { capacityClaims, deviceClaims, everywhere, firstUid, networkClaims, portClaims, uidClaims } from './schema.ts';

export interface CapacityClaim {
  readonly workloadId: string;
  readonly host: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** What guests that are not ours use of the host: not to be promised either. */
  readonly foreign: { readonly cpus: number; readonly memoryBytes: number };
}

/** Conditional update and claim in one statement: false when the host has no longer enough. The workload must hold none yet. */
export const claimCapacity = async (db: Db, claim: CapacityClaim): Promise<boolean> => {
  const rows = await db.execute(sql`
    with taken as (
      update innkeeper.hosts
      set cpus_claimed = cpus_claimed + ${claim.cpus}, memory_claimed = memory_claimed + ${claim.memoryBytes}
      where name = ${claim.host} and state = 'up' and not draining and confirmed_dead_at is null
        and cpus_claimed + ${claim.cpus} <= cpus_total * cpu_ratio - cpus_reserved - ${claim.foreign.cpus}::float8
        and memory_claimed + ${claim.memoryBytes} <= memory_total * memory_ratio - memory_reserved - ${claim.foreign.memoryBytes}::float8
      returning name
    )
    insert into innkeeper.capacity_claims (workload_id, host, cpus, memory_bytes, disk_bytes)
    select ${claim.workloadId}, name, ${claim.cpus}, ${claim.memoryBytes}, ${claim.diskBytes} from taken
    returning workload_id`);
  return rows.length === 1;
};

/** Everything that a workload holds; nothing held is no error. */
export const releaseClaims = async (db: Db, workloadId: string): Promise<void> => {
  await db.execute(sql`
    with given_back as (delete from innkeeper.capacity_claims where workload_id = ${workloadId} returning host, cpus, memory_bytes)
    update innkeeper.hosts h set cpus_claimed = h.cpus_claimed - g.cpus, memory_claimed = h.memory_claimed - g.memory_bytes
    from given_back g where h.name = g.host`);
  await db.delete(uidClaims).where(eq(uidClaims.workloadId, workloadId));
  await db.delete(networkClaims).where(eq(networkClaims.workloadId, workloadId));
  await db.delete(portClaims).where(eq(portClaims.workloadId, workloadId));
  await db.delete(deviceClaims).where(eq(deviceClaims.workloadId, workloadId));
};

/** Changes what is claimed for a workload that stays where it is; false when the host has no longer enough. Less is always possible. */
export const resizeClaim = async (db: Db, claim: CapacityClaim): Promise<boolean> => {
  const rows = await db.execute(sql`
    with old as (select * from innkeeper.capacity_claims where workload_id = ${claim.workloadId} for update),
    taken as (
      update innkeeper.hosts h
      set cpus_claimed = h.cpus_claimed + ${claim.cpus} - old.cpus, memory_claimed = h.memory_claimed + ${claim.memoryBytes} - old.memory_bytes
      from old where h.name = old.host
        and (${claim.cpus} <= old.cpus
          or h.cpus_claimed + ${claim.cpus} - old.cpus <= h.cpus_total * h.cpu_ratio - h.cpus_reserved - ${claim.foreign.cpus}::float8)
        and (${claim.memoryBytes} <= old.memory_bytes
          or h.memory_claimed + ${claim.memoryBytes} - old.memory_bytes <= h.memory_total * h.memory_ratio - h.memory_reserved - ${claim.foreign.memoryBytes}::float8)
      returning h.name
    )
    update innkeeper.capacity_claims set cpus = ${claim.cpus}, memory_bytes = ${claim.memoryBytes}, disk_bytes = ${claim.diskBytes}
    where workload_id = ${claim.workloadId} and exists (select 1 from taken) returning workload_id`);
  return rows.length === 1;
};

interface IdRange {
  readonly start: number;
  readonly count: number;
}

/** Ranges of others in a row: more than this many is a defect. */
const mostTries = 10_000;

/** A free range of 65,536 ids. Unique across hosts, so that a disk can move; `reserved` are ids that others use. */
export const claimUidRange = async (db: Db, workloadId: string, reserved: readonly IdRange[]): Promise<number> => {
  const others = JSON.stringify(reserved.map(({ start, count }) => ({ start, count })));
  for (let tries = 0; tries < mostTries; tries += 1) {
    const [row] = await db.execute<{ start: string }>(sql`
      with next as materialized (
        select ${firstUid}::bigint + nextval('innkeeper.uid_cursor') * ${uidRangeSize} as start
      )
      insert into innkeeper.uid_claims (start, workload_id)
      select start, ${workloadId} from next where not exists (
        select 1 from jsonb_to_recordset(${others}::jsonb) as r(start bigint, count bigint)
        where r.start < next.start + ${uidRangeSize} and next.start < r.start + r.count)
      on conflict do nothing returning start`);
    if (row !== undefined) return Number(row.start);
  }
  throw new InnkeeperError('conflict', 'No range of user ids is free');
};

export interface NetworkClaimRequest {
  readonly workloadId: string;
  readonly position: number;
  readonly host: string;
  readonly network: string;
  readonly mac: string;
  /** Whether the network is the same one on every host, so that an address there is held once among all of them. */
  readonly shared?: boolean;
  /** IPv6, made of the MAC. */
  readonly address6?: string | undefined;
  /** In order of preference; empty when the network gives addresses itself. */
  readonly candidates: readonly string[];
}

export type NetworkClaimRow = typeof networkClaims.$inferSelect;

/** The first candidate that nobody holds. Undefined when all are held; throws a duplicate of `network_claims_mac_unique` for a MAC in use. */
export const claimNetwork = async (db: Db, request: NetworkClaimRequest): Promise<NetworkClaimRow | undefined> => {
  const scope = request.shared === true ? everywhere : request.host;
  if (request.candidates.length === 0) {
    const [row] = await db
      .insert(networkClaims)
      .values({ ...request, scope, address: null })
      .returning();
    return row;
  }
  const candidates = JSON.stringify(request.candidates);
  for (let attempt = 0; attempt < mostTries; attempt += 1) {
    // The lowest is for the first; who was too late tries one further on, since all others are after the lowest as well.
    const skipped = Math.floor(Math.random() * Math.min(8 * attempt, request.candidates.length));
    const [row] = await db.execute<{ free: string; address: string | null }>(sql`
      with free as (
        select c.address, c.rank from jsonb_array_elements_text(${candidates}::jsonb) with ordinality as c(address, rank)
        where not exists (
          select 1 from innkeeper.network_claims n
          where n.scope = ${scope} and n.network = ${request.network} and n.address = c.address)
      ),
      chosen as (select address from free order by rank offset ${skipped} limit 1),
      claimed as (
        insert into innkeeper.network_claims (workload_id, position, host, network, mac, address, scope, address6)
        select ${request.workloadId}, ${request.position}, ${request.host}, ${request.network}, ${request.mac}, address, ${scope},
          ${request.address6 ?? null}::text
        from chosen
        on conflict on constraint network_claims_one_holder do nothing returning address
      )
      select (select count(*) from free) as free, (select address from claimed) as address`);
    if (row === undefined || Number(row.free) === 0) return undefined;
    if (row.address !== null) return { ...request, scope, address: row.address, address6: request.address6 ?? null };
  }
  return undefined;
};

export { everywhere } from './schema.ts';

/** Whether the address is of a network that several hosts are on, whose DHCP server is not ours. */
export const isShared = ({ scope }: Pick<NetworkClaimRow, 'scope'>): boolean => scope === everywhere;

export const networkClaimsOf = (db: Db, workloadId: string): Promise<NetworkClaimRow[]> =>
  db.select().from(networkClaims).where(eq(networkClaims.workloadId, workloadId)).orderBy(networkClaims.position);

/** Positions of claims that are to be given up: behind all that a specification can have. */
export const leavingFrom = 1000;

/**
 * Puts what a workload holds into a new order, by MAC; what is not named is behind everything, until
 * {@link releaseNetworkClaims} gives it back.
 */
export const orderNetworkClaims = async (
  db: Db,
  workloadId: string,
  kept: readonly { readonly mac: string; readonly position: number }[],
): Promise<void> => {
  // In two steps: the position is part of the primary key.
  await db
    .update(networkClaims)
    .set({ position: sql`${networkClaims.position} + ${4 * leavingFrom}` })
    .where(eq(networkClaims.workloadId, workloadId));
  await db.execute(sql`
    with wanted as (select * from jsonb_to_recordset(${JSON.stringify(kept)}::jsonb) as w(mac text, position int)),
    ranked as (
      select n.mac, coalesce(w.position, ${leavingFrom} + (row_number() over (order by n.position))::int) as position
      from innkeeper.network_claims n left join wanted w on w.mac = n.mac where n.workload_id = ${workloadId}
    )
    update innkeeper.network_claims n set position = r.position
    from ranked r where n.mac = r.mac and n.workload_id = ${workloadId}`);
};

/** Gives back what a workload holds besides what it keeps, by MAC; not held is no error. */
export const releaseNetworkClaims = async (db: Db, workloadId: string, macs: readonly string[]): Promise<void> => {
  if (macs.length === 0) return;
  await db
    .delete(networkClaims)
    .where(and(eq(networkClaims.workloadId, workloadId), inArray(networkClaims.mac, [...macs])));
};

export const uidClaimOf = async (db: Db, workloadId: string): Promise<number | undefined> =>
  (await db.select().from(uidClaims).where(eq(uidClaims.workloadId, workloadId)))[0]?.start;

/** Claimed capacity by host, without one workload's own. */
export const claimedCapacity = async (
  db: Db,
  without?: string,
): Promise<Map<string, { cpus: number; memoryBytes: number; diskBytes: number }>> => {
  const rows = await db.select().from(capacityClaims);
  const sums = new Map<string, { cpus: number; memoryBytes: number; diskBytes: number }>();
  for (const row of rows) {
    if (row.workloadId === without) continue;
    const sum = sums.get(row.host) ?? { cpus: 0, memoryBytes: 0, diskBytes: 0 };
    sums.set(row.host, {
      cpus: sum.cpus + row.cpus,
      memoryBytes: sum.memoryBytes + row.memoryBytes,
      diskBytes: sum.diskBytes + row.diskBytes,
    });
  }
  return sums;
};
