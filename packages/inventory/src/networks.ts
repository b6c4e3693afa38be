import { type NetworkSpec, projectOf } from '@innkeeper/model';
import { eq, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { networkClaims, networks, portClaims, workloads } from './schema.ts';

export type NetworkRow = typeof networks.$inferSelect;

export const listNetworks = (db: Db): Promise<NetworkRow[]> => db.select().from(networks).orderBy(networks.name);

/** Until the transaction ends nobody else changes networks: a subnet that is free stays so. */
export const lockNetworks = async (db: Db): Promise<void> => {
  await db.execute(sql`select pg_advisory_xact_lock(hashtextextended('networks', 0))`);
};

export const saveNetwork = async (db: Db, name: string, spec: NetworkSpec): Promise<void> => {
  await db.insert(networks).values({ name, spec }).onConflictDoUpdate({ target: networks.name, set: { spec } });
};

export const deleteNetwork = async (db: Db, name: string): Promise<void> => {
  await db.delete(networks).where(eq(networks.name, name));
};

export interface NetworkLease {
  readonly network: string;
  readonly host: string;
  readonly mac: string;
  readonly address: string | null;
  readonly address6: string | null;
  readonly workload: string;
  /** Of the workload. */
  readonly project: string;
  readonly ports: readonly { readonly protocol: 'tcp' | 'udp'; readonly port: number; readonly guestPort: number }[];
}

/** Every interface that a workload holds, with what is published through it. */
export const listLeases = async (db: Db): Promise<NetworkLease[]> => {
  const [rows, ports] = await Promise.all([
    db
      .select({
        network: networkClaims.network,
        host: networkClaims.host,
        mac: networkClaims.mac,
        address: networkClaims.address,
        address6: networkClaims.address6,
        workload: workloads.name,
        spec: workloads.spec,
      })
      .from(networkClaims)
      .innerJoin(workloads, eq(workloads.id, networkClaims.workloadId)),
    db.select().from(portClaims),
  ]);
  return rows.map(({ spec, ...row }) => ({
    ...row,
    project: projectOf(spec),
    ports: ports.flatMap(({ mac, protocol, port, guestPort }) =>
      mac === row.mac ? [{ protocol, port, guestPort }] : [],
    ),
  }));
};
