import type { GuestOrder, PoolGroup } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { type Capability, defaultPool, type Paths, type PoolReport } from '@innkeeper/model';
import { addPool, removePool } from '@innkeeper/storage';

/** Pools are those of the host: both backends have the same. */
export const poolGroup = (
  host: Host,
  paths: Paths,
  reach: (host: Host, paths: Paths, id: string) => Promise<unknown>,
): PoolGroup => ({
  addPool: async (pool) => void (await addPool(host, paths, pool)),
  removePool: (name) => removePool(host, paths, name),
  reach: async ({ uuid }) => void (await reach(host, paths, uuid)),
});

export const poolCapability: Capability = { value: true, evidence: 'directories of the host that were made pools' };

/** The pool of an order as the host reports it. */
export const poolOfOrder = ({ report, spec }: Pick<GuestOrder, 'report' | 'spec'>): PoolReport | undefined =>
  report.pools?.find(({ name }) => name === (spec.pool ?? defaultPool));

/** Where a guest stands, as the end of a sentence; nothing for the state directory. */
export const poolText = (order: Pick<GuestOrder, 'report' | 'spec'>): string => {
  const { pool } = order.spec;
  if (pool === undefined) return '';
  const kind = poolOfOrder(order)?.kind;
  return `, in the pool ${pool}${kind === undefined ? '' : ` (${kind})`}`;
};
