import type { Step } from '@innkeeper/driver-contract';
import { deleteGuest, deleteWorkload, networkClaimsOf, releaseClaims, updateWorkload } from '@innkeeper/inventory';
import type { ErrorCode, Problem } from '@innkeeper/model';
import { driverOf, tell } from '../control.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';

interface HeldNetwork {
  readonly network: string;
  readonly mac: string;
  readonly address?: { readonly ip: string; readonly prefix: number; readonly gateway: string };
}

const heldOf = (memory: Readonly<Record<string, unknown>>): readonly HeldNetwork[] | undefined =>
  memory.networks as readonly HeldNetwork[] | undefined;

const noUndo = 'removal goes forward: what is gone is gone';

/** What the guest's addresses were is read first: later steps take the claims away. */
const readClaims = (context: OperationContext): Step => ({
  name: 'claims',
  run: async () => {
    const { control, workload } = context;
    await updateWorkload(control.inventory.db, workload.id, { state: 'removing' });
    if (heldOf(context.memory) !== undefined) return;
    const rows = await networkClaimsOf(control.inventory.db, workload.id);
    const networks = rows.map(
      ({ network, mac, address }): HeldNetwork => ({
        network,
        mac,
        ...(address === null ? {} : { address: { ip: address, prefix: 0, gateway: '' } }),
      }),
    );
    await context.remember({ networks });
  },
  noUndo,
});

const forget = (context: OperationContext): Step => ({
  name: 'forget',
  run: async () => {
    const { control, workload } = context;
    const { placed } = workload;
    await control.inventory.transaction(async (tx) => {
      await releaseClaims(tx, workload.id);
      if (placed !== null) await deleteGuest(tx, placed.host, placed.driver, workload.id);
      await deleteWorkload(tx, workload.id);
    });
  },
  noUndo,
});

const steps = (context: OperationContext): readonly Step[] => {
  const { placed, id, name } = context.workload;
  const held = heldOf(context.memory);
  if (held === undefined) return [readClaims(context)];
  const onHost =
    placed === null
      ? []
      : driverOf(context.control, placed.host, placed.driver).destroy({ uuid: id, name }, held, 'delete');
  return [readClaims(context), ...onHost, forget(context)];
};

/** Takes a workload away with everything that it had. */
export const remove: OperationDefinition = {
  steps,
  undoOnFailure: false,
  onDone: ({ control, workload }) =>
    tell(control, {
      kind: 'workload.removed',
      subject: { kind: 'workload', id: workload.id, name: workload.name },
      text: `${workload.name} was removed`,
    }),
  onFailed: async ({ control, workload }, problem) => {
    await updateWorkload(control.inventory.db, workload.id, { error: problem as Problem & { code: ErrorCode } });
    await tell(control, {
      kind: 'workload.failed',
      subject: { kind: 'workload', id: workload.id, name: workload.name },
      text: `${workload.name}: ${problem.detail}`,
    });
  },
};
