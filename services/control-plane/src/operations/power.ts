import type { Step } from '@innkeeper/driver-contract';
import { updateWorkload } from '@innkeeper/inventory';
import { type ErrorCode, InnkeeperError, type Problem } from '@innkeeper/model';
import { driverOf, tell } from '../control.ts';
import { markStarted, observeStep } from './apply.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';

const stopTimeoutMs = 30_000;

const power = (name: string, acts: (context: OperationContext) => readonly Step[]): OperationDefinition => ({
  steps: (context) => {
    const { placed, name: workload } = context.workload;
    if (placed === null)
      throw new InnkeeperError('conflict', `${workload} has no guest`, { hint: 'apply its manifest again' });
    return [...acts(context), observeStep(context, placed)];
  },
  undoOnFailure: false,
  onDone: async ({ control, workload }) => {
    await updateWorkload(control.inventory.db, workload.id, { error: null });
    await tell(control, {
      kind: `workload.${name}`,
      subject: { kind: 'workload', id: workload.id, name: workload.name },
      text: `${workload.name}: ${name} done`,
    });
  },
  onFailed: async ({ control, workload }, problem) => {
    await updateWorkload(control.inventory.db, workload.id, { error: problem as Problem & { code: ErrorCode } });
    await tell(control, {
      kind: 'workload.failed',
      subject: { kind: 'workload', id: workload.id, name: workload.name },
      text: `${workload.name}: ${problem.detail}`,
    });
  },
});

const noUndo = 'power is set again by asking again';

const startStep = (context: OperationContext): Step => {
  const { placed, id, name } = context.workload;
  return {
    name: 'start',
    run: async () => {
      await driverOf(context.control, placed?.host ?? '', placed?.driver ?? '').start({ uuid: id, name });
      await markStarted(context, placed?.host ?? '');
    },
    noUndo,
  };
};

const stopStep = (context: OperationContext): Step => {
  const { placed, id, name } = context.workload;
  return {
    name: 'stop',
    run: ({ signal }) =>
      driverOf(context.control, placed?.host ?? '', placed?.driver ?? '').stop(
        { uuid: id, name },
        { mode: 'graceful', timeoutMs: stopTimeoutMs },
        signal,
      ),
    noUndo,
  };
};

export const start = power('start', (context) => [startStep(context)]);
export const stop = power('stop', (context) => [stopStep(context)]);
export const restart = power('restart', (context) => [stopStep(context), startStep(context)]);
