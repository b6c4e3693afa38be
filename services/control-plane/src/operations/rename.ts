import type { Driver, Step } from '@innkeeper/driver-contract';
import { isDuplicate, renameWorkload, updateWorkload } from '@innkeeper/inventory';
import { type Candidate, InnkeeperError, isAdopted } from '@innkeeper/model';
import { driverOf } from '../control.ts';
import { nameQuietly } from '../names.ts';
import { metadataStep } from './adopted.ts';
import { observeStep } from './apply.ts';
import { heldOf, rememberHeld } from './held.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';
import { keepFailure } from './outcome.ts';

/** The names before and after: the workload's own is one or the other. */
const namesOf = ({ operation, memory }: OperationContext): { readonly from: string; readonly to: string } => ({
  from: operation.workloadName,
  to: String(memory.to),
});

const setName = async ({ control, workload }: OperationContext, name: string): Promise<void> => {
  try {
    await control.inventory.transaction((tx) => renameWorkload(tx, workload.id, name));
  } catch (error) {
    if (!isDuplicate(error, 'workloads_name_unique')) throw error;
    throw new InnkeeperError('conflict', `Another workload is called ${name}`);
  }
};

const renaming = (driver: Driver): NonNullable<Driver['rename']> => {
  if (driver.rename !== undefined) return driver.rename;
  throw new InnkeeperError('unsupported', `The driver ${driver.info().id} does not rename`);
};

/** First the record, which says whether the name is free, then the guest. */
const stepsFor = (context: OperationContext, placed: Candidate): readonly Step[] => {
  const { control, workload } = context;
  const { from, to } = namesOf(context);
  const held = heldOf(context.memory);
  const claims: Step = {
    name: 'claims',
    run: () => rememberHeld(context),
    noUndo: 'looking changes nothing',
  };
  if (held === undefined) return [claims];
  const rename = renaming(driverOf(control, placed.host, placed.driver));
  return [
    claims,
    nameStep(context),
    ...rename({ uuid: workload.id, name: from }, to, held),
    observeStep(context, placed),
  ];
};

const nameStep = (context: OperationContext): Step => {
  const { from, to } = namesOf(context);
  return { name: 'name', run: () => setName(context, to), undo: () => setName(context, from) };
};

/** The guest of an adopted one keeps the name that its owner gave it, and says what it is called here. */
const ownNameStep = (context: OperationContext): Step => {
  const { from, to } = namesOf(context);
  const as = (name: string): Step => metadataStep({ ...context, workload: { ...context.workload, name } }, 'keep');
  return { name: 'metadata', run: as(to).run, undo: as(from).run };
};

/** Gives a workload that does not run another name; it keeps its id, its place, its addresses and its data. */
export const rename: OperationDefinition = {
  steps: (context) => {
    const { placed, spec } = context.workload;
    if (placed === null) return [nameStep(context)];
    return isAdopted(spec) ? [nameStep(context), ownNameStep(context)] : stepsFor(context, placed);
  },
  undoOnFailure: true,
  onDone: async (context) => {
    const { from, to } = namesOf(context);
    await updateWorkload(context.control.inventory.db, context.workload.id, { error: null });
    await nameQuietly(context.control, context.workload.placed?.host);
    return { kind: 'workload.renamed', text: `${from} is called ${to} now` };
  },
  onFailed: keepFailure,
};
