import { type PublishedPort, portText } from '@innkeeper/model';
import { eq, ne, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { networkClaims, portClaims, workloads } from './schema.ts';

/** A port that a workload asks for, and the interface that it leads to. */
export interface WantedPort extends PublishedPort {
  readonly mac: string;
}

export interface HeldPort {
  readonly host: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** Name of the workload. */
  readonly workload: string;
}

/** Every port that is held, `without` left out. */
export const listPorts = (db: Db, without?: string): Promise<HeldPort[]> =>
  db
    .select({
      host: portClaims.host,
      protocol: portClaims.protocol,
      port: portClaims.port,
      workload: workloads.name,
    })
    .from(portClaims)
    .innerJoin(workloads, eq(workloads.id, portClaims.workloadId))
    .where(without === undefined ? undefined : ne(portClaims.workloadId, without));

const same = (held: typeof portClaims.$inferSelect, wanted: WantedPort): boolean =>
  held.mac === wanted.mac && held.guestPort === wanted.guestPort && portText(held) === portText(wanted);

/**
 * Makes what a workload holds on a host exactly these ports. Answers whether that changed anything, or what another
 * workload holds of it; then nothing may be kept, so that it belongs into a transaction that is given up.
 */
export const claimPorts = async (
  db: Db,
  { workloadId, host }: { readonly workloadId: string; readonly host: string },
  ports: readonly WantedPort[],
): Promise<{ readonly changed: boolean } | { readonly taken: PublishedPort; readonly by: string }> => {
  const held = await db.select().from(portClaims).where(eq(portClaims.workloadId, workloadId));
  if (
    held.length === ports.length &&
    ports.every((wanted) => held.some((one) => one.host === host && same(one, wanted)))
  )
    return { changed: false };
  await db.delete(portClaims).where(eq(portClaims.workloadId, workloadId));
  for (const { protocol, port, guestPort, mac } of ports) {
    const rows = await db
      .insert(portClaims)
      .values({ host, protocol, port, guestPort, mac, workloadId })
      .onConflictDoNothing()
      .returning({ port: portClaims.port });
    if (rows.length > 0) continue;
    const other = (await listPorts(db)).find(
      (one) => one.host === host && portText(one) === portText({ protocol, port }),
    );
    return { taken: { protocol, port, guestPort }, by: other?.workload ?? 'another workload' };
  }
  return { changed: true };
};

/** Whether a workload holds any port. */
export const holdsPorts = async (db: Db, workloadId: string): Promise<boolean> =>
  (await db.select({ port: portClaims.port }).from(portClaims).where(eq(portClaims.workloadId, workloadId)).limit(1))
    .length > 0;

/** A port of a host with the address that it leads to, and the network which that is of. */
export interface LedPort extends PublishedPort {
  readonly address: string;
  /** IPv6, of a guest that has one. */
  readonly address6?: string;
  readonly network: string;
}

/**
 * What a host is to publish from now on; the ports of the workload `leaving` are nobody's any more. Waits for others who ask the same of
 * this host, until the transaction ends: who comes last has seen what all the others did.
 */
export const portsToPublish = async (db: Db, host: string, leaving?: string): Promise<LedPort[]> => {
  await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`publish:${host}`}, 0))`);
  if (leaving !== undefined) await db.delete(portClaims).where(eq(portClaims.workloadId, leaving));
  const rows = await db
    .select({
      protocol: portClaims.protocol,
      port: portClaims.port,
      guestPort: portClaims.guestPort,
      address: networkClaims.address,
      address6: networkClaims.address6,
      network: networkClaims.network,
    })
    .from(portClaims)
    .innerJoin(networkClaims, eq(networkClaims.mac, portClaims.mac))
    .where(eq(portClaims.host, host));
  return rows.flatMap(({ address, address6, ...port }) =>
    address === null ? [] : [{ ...port, address, ...(address6 === null ? {} : { address6 }) }],
  );
};
