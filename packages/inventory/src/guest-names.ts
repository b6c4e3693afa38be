import { and, asc, eq, isNotNull, lt, sql } from 'drizzle-orm';
import { leavingFrom } from './claims.ts';
import type { Db } from './database.ts';
import { networkClaims, workloads } from './schema.ts';

/** An address of a workload on a network of a host. */
export interface GuestAddress {
  readonly name: string;
  readonly network: string;
  readonly address: string;
  readonly address6: string | null;
}

/**
 * All addresses that are held on a host, of each workload in the order of its interfaces. Waits for others who ask the same
 * of this host, until the transaction ends: who comes last has seen what all the others did.
 */
export const addressesToName = async (db: Db, host: string): Promise<GuestAddress[]> => {
  await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`names:${host}`}, 0))`);
  const rows = await db
    .select({
      name: workloads.name,
      network: networkClaims.network,
      address: networkClaims.address,
      address6: networkClaims.address6,
    })
    .from(networkClaims)
    .innerJoin(workloads, eq(workloads.id, networkClaims.workloadId))
    .where(and(eq(networkClaims.host, host), isNotNull(networkClaims.address), lt(networkClaims.position, leavingFrom)))
    .orderBy(asc(workloads.name), asc(networkClaims.position));
  return rows.flatMap(({ address, ...row }) => (address === null ? [] : [{ ...row, address }]));
};
