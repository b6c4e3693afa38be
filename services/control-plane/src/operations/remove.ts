import type { Step } from '@innkeeper/driver-contract';
import { deleteGuest, deleteWorkload, holdsPorts, releaseClaims, updateWorkload } from '@innkeeper/inventory';
import { driverOf } from '../control.ts';
import { nameQuietly } from '../names.ts';
import { heldOf, rememberHeld } from './held.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';
import { keepFailure } from './outcome.ts';
import { unpublishStep } from './publish.ts';

const noUndo = 'removal goes forward: what is gone is gone';

/** What the guest's addresses were is read first: later steps take the claims away. */
const readClaims = (context: OperationContext): Step => ({
  name: 'claims',
  run: async () => {
    const { control, workload } = context;
    await updateWorkload(control.inventory.db, workload.id, { state: 'removing' });
    await context.remember({
      publishes: await holdsPorts(control.inventory.db, workload.id),
      host: workload.placed?.host,
    });
    await rememberHeld(context);
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
  const ports = placed !== null && context.memory.publishes === true ? [unpublishStep(context, placed.host)] : [];
  return [readClaims(context), ...ports, ...onHost, forget(context)];
};

/** Takes a workload away with everything that it had. */
export const remove: OperationDefinition = {
  steps,
  undoOnFailure: false,
  onDone: async ({ control, workload, memory }) => {
    await nameQuietly(control, typeof memory.host === 'string' ? memory.host : undefined);
    return { kind: 'workload.removed', text: `${workload.name} was removed` };
  },
  onFailed: keepFailure,
};
