import { updateWorkload } from '@innkeeper/inventory';
import type { ErrorCode, Problem } from '@innkeeper/model';
import { type Control, tell } from '../control.ts';
import type { OperationContext, Told } from './kind.ts';

/** How long a guest may take to stop by itself before it is made to. */
export const stopTimeoutMs = 30_000;

type Subject = Pick<OperationContext['workload'], 'id' | 'name'>;

/** Says what happened to a workload. */
export const tellOf = (control: Control, { id, name }: Subject, kind: string, text: string): Promise<void> =>
  tell(control, { kind, subject: { kind: 'workload', id, name }, text });

/** Keeps why the last operation failed. `state` only when the failure changes what the workload is. */
export const keepFailure = async (
  { control, workload }: OperationContext,
  problem: Problem,
  state?: 'failed',
): Promise<Told> => {
  await updateWorkload(control.inventory.db, workload.id, {
    ...(state === undefined ? {} : { state }),
    error: problem as Problem & { code: ErrorCode },
  });
  return { kind: 'workload.failed', text: `${workload.name}: ${problem.detail}` };
};
