import type { Step, StepContext } from '@innkeeper/driver-contract';
import {
  beginUndo,
  findOperation,
  findWorkloadAndCopy,
  findWorkloadById,
  finishOperation,
  type Hold,
  type Journaled,
  journal,
  type OperationRow,
  postpone,
  prunePlacements,
  remember,
  type StepEntry,
  type StepRow,
  showProgress,
  stepsOf,
  type WorkloadRow,
} from '@innkeeper/inventory';
import { InnkeeperError, toInnkeeperError } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { endsOrReturns } from '../lifecycle/decide.ts';
import { asProblem } from '../problem.ts';
import { definitions } from './definitions.ts';
import type { OperationContext, OperationDefinition, Told } from './kind.ts';
import { withRetries } from './retries.ts';
import { requireNotCopied, Waiting } from './waiting.ts';

/** For tests of what a kill or a failure at a journal point does. */
export interface FaultPoints {
  readonly at: (point: string) => Promise<void> | void;
}

interface Running {
  readonly control: Control;
  readonly row: OperationRow;
  readonly hold: Hold;
  readonly definition: OperationDefinition;
  readonly signal: AbortSignal;
  readonly faults: FaultPoints | undefined;
  memory: Record<string, unknown>;
  /** The step that ended last, when that is not in the journal yet. */
  finished: StepEntry | undefined;
  /** Whether its workload has, had or was given anything of a host that others may wait for. */
  holds: boolean;
}

const fenced = (row: OperationRow): InnkeeperError =>
  new InnkeeperError('fenced', `The operation ${row.id} was taken over by another process`);

const write = async (running: Running, entries: readonly StepEntry[], progress: string | null): Promise<Journaled> => {
  const written = await journal(running.control.inventory.db, running.hold, entries, progress);
  if (written === undefined) throw fenced(running.row);
  return written;
};

const contextWith = (running: Running, workload: WorkloadRow | undefined): OperationContext | undefined => {
  const { control, row } = running;
  if (workload === undefined) return undefined;
  running.holds ||= workload.placed !== null;
  return {
    control,
    operation: row,
    workload,
    memory: running.memory,
    remember: async (added, tx = control.inventory.db) => {
      running.memory = { ...running.memory, ...added };
      if (!(await remember(tx, running.hold, running.memory))) throw fenced(row);
    },
  };
};

const contextOf = async (running: Running): Promise<OperationContext | undefined> =>
  contextWith(running, await findWorkloadById(running.control.inventory.db, running.row.workloadId));

const progressWriter = (running: Running): ((text: string) => void) => {
  let last = 0;
  return (text) => {
    if (Date.now() - last < 500) return;
    last = Date.now();
    showProgress(running.control.inventory.db, running.hold, text).catch(() => undefined);
  };
};

const stepContext = (running: Running): StepContext => ({
  signal: running.signal,
  fence: running.hold.fence,
  progress: progressWriter(running),
});

/** Nothing is in the journal of an operation that is taken for the first time. */
const journaledOf = async ({ control, row }: Running): Promise<StepRow[]> =>
  row.fence === 1 ? [] : stepsOf(control.inventory.db, [row.id]);

/**
 * Forward through the steps that are not done yet. The end of one and the beginning of the next are one journal entry,
 * whose answer says whether somebody wants to cancel; the end of the last is written with the end of all. What steps depend on is
 * read again after each that remembered something.
 */
const runForward = async (running: Running): Promise<OperationContext | undefined> => {
  const [journaled, { workload, into }] = await Promise.all([
    journaledOf(running),
    findWorkloadAndCopy(running.control.inventory.db, running.row.workloadId),
  ]);
  requireNotCopied(journaled, into);
  const done = journaled.filter(({ state }) => state === 'done').length;
  let context = contextWith(running, workload);
  for (let position = done; ; position += 1) {
    if (context?.memory !== running.memory) context = await contextOf(running);
    if (context === undefined) break;
    const step = running.definition.steps(context)[position];
    if (step === undefined) break;
    const began: StepEntry = { position, name: step.name, state: 'running' };
    const { finished } = running;
    const { cancelRequested } = await write(running, finished === undefined ? [began] : [finished, began], step.name);
    running.finished = undefined;
    if (cancelRequested !== null && running.definition.undoOnFailure)
      throw new InnkeeperError('cancelled', `Cancelled by ${cancelRequested}`);
    await running.faults?.at(`before ${step.name}`);
    await withRetries(running, () => step.run(stepContext(running)));
    await running.faults?.at(`after ${step.name}`);
    running.finished = { position, name: step.name, state: 'done' };
  }
  return context;
};

/** Backward from the last step that was begun; each undo can be repeated, so a kill in between does no harm. */
const runBackward = async (running: Running): Promise<void> => {
  const { db } = running.control.inventory;
  const begun = (await stepsOf(db, [running.row.id])).filter(({ state }) => state !== 'undone').reverse();
  for (const entry of begun) {
    const context = await contextOf(running);
    const step: Step | undefined =
      context === undefined ? undefined : running.definition.steps(context)[entry.position];
    await write(running, [{ position: entry.position, name: entry.name, state: 'undoing' }], `undoing ${entry.name}`);
    await running.faults?.at(`before undo of ${entry.name}`);
    const { undo } = step ?? {};
    if (undo !== undefined) await withRetries(running, () => undo(stepContext(running)));
    await running.faults?.at(`after undo of ${entry.name}`);
    await write(
      running,
      [
        {
          position: entry.position,
          name: entry.name,
          state: 'undone',
          ...(step?.noUndo === undefined ? {} : { text: step.noUndo }),
        },
      ],
      null,
    );
  }
};

const failStep = async (running: Running, thrown: unknown): Promise<void> => {
  const { finished } = running;
  if (finished !== undefined) {
    // It failed between two steps.
    await write(running, [finished], null);
    running.finished = undefined;
    return;
  }
  const last = (await stepsOf(running.control.inventory.db, [running.row.id])).findLast(
    ({ state }) => state === 'running',
  );
  const text = toInnkeeperError(thrown).message;
  if (last !== undefined)
    await write(running, [{ position: last.position, name: last.name, state: 'failed', text }], null);
};

/** What this one used or gave back may be what others wait for, and its workload may go on by itself. */
const finish = async (
  running: Running,
  state: 'done' | 'failed' | 'cancelled',
  workload: OperationContext['workload'] | undefined,
  told: Told,
): Promise<void> => {
  const { db } = running.control.inventory;
  const { workloadId: id, workloadName } = running.row;
  const subject = { kind: 'workload', id, name: workload?.name ?? workloadName } as const;
  if (!(await finishOperation(db, running.hold, { state, step: running.finished, event: { ...told, subject } })))
    throw fenced(running.row);
  running.control.announce(running.row.id);
  if (running.row.kind === 'apply') await prunePlacements(db, running.row.workloadId);
  if (running.holds) running.control.wakeWaiting();
  const spec = workload?.spec;
  if (spec !== undefined && (endsOrReturns(spec) || spec.readiness !== undefined)) running.control.tendLives();
};

const putAside = async (running: Running, { waitsFor }: Waiting): Promise<void> => {
  const { db } = running.control.inventory;
  if (!(await postpone(db, running.hold, waitsFor))) throw fenced(running.row);
  running.control.announce(running.row.id);
};

const unwind = async (running: Running): Promise<void> => {
  const problem =
    (await findOperation(running.control.inventory.db, running.row.id))?.error ??
    asProblem(new InnkeeperError('internal', 'unknown'));
  if (running.definition.undoOnFailure) await runBackward(running);
  const context = await contextOf(running);
  // The workload may be gone: to undo a creation is to forget it.
  const told =
    context === undefined
      ? { kind: 'workload.failed', text: `${running.row.workloadName}: ${problem.detail}` }
      : await running.definition.onFailed(context, problem);
  return finish(running, problem.code === 'cancelled' ? 'cancelled' : 'failed', context?.workload, told);
};

const succeed = async (running: Running, context: OperationContext | undefined): Promise<void> => {
  const { row, control } = running;
  // A removal's workload is gone by now: what it was is in the operation.
  const workload =
    context?.workload ?? ({ id: row.workloadId, name: row.workloadName } as OperationContext['workload']);
  const told = await running.definition.onDone(
    context ?? { control, operation: row, workload, memory: running.memory, remember: async () => undefined },
  );
  return finish(running, 'done', context?.workload, told);
};

/** Runs an operation that this process holds to its end, forwards or, after a failure, backwards; or puts it aside. */
export const runOperation = async (
  control: Control,
  row: OperationRow,
  signal: AbortSignal,
  faults?: FaultPoints,
): Promise<void> => {
  const running: Running = {
    control,
    row,
    hold: { id: row.id, fence: row.fence },
    definition: definitions[row.kind],
    signal,
    faults,
    memory: row.memory,
    finished: undefined,
    holds: false,
  };
  if (row.state === 'undoing') return unwind(running);
  let context: OperationContext | undefined;
  try {
    context = await runForward(running);
  } catch (thrown) {
    if (thrown instanceof Waiting) return putAside(running, thrown);
    const error = toInnkeeperError(thrown);
    // Another process has it, or this one is shutting down: whoever continues finds the journal.
    if (error.code === 'fenced' || signal.aborted || asProblem(thrown).code === 'unavailable') throw thrown;
    control.log.warn(
      { operation: row.id, kind: row.kind, workload: row.workloadName, err: thrown, detail: error.detail },
      'an operation failed',
    );
    await failStep(running, thrown);
    if (!(await beginUndo(control.inventory.db, running.hold, asProblem(thrown)))) throw fenced(row);
    return unwind(running);
  }
  return succeed(running, context);
};
