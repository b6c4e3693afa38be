import type { HeldNetwork } from '@innkeeper/driver-contract';
import { networkClaimsOf } from '@innkeeper/inventory';
import { heldNetwork } from '../claimed.ts';
import type { OperationContext } from './kind.ts';

/** What an operation that begins with `claims` found; undefined before. */
export const heldOf = (memory: OperationContext['memory']): readonly HeldNetwork[] | undefined =>
  memory.networks as readonly HeldNetwork[] | undefined;

/** Keeps what the guest's addresses are with the operation, for steps that follow. */
export const rememberHeld = async (context: OperationContext): Promise<void> => {
  if (heldOf(context.memory) !== undefined) return;
  const rows = await networkClaimsOf(context.control.inventory.db, context.workload.id);
  await context.remember({ networks: rows.map(heldNetwork) });
};
