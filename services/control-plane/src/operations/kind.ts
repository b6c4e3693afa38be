import type { Step } from '@innkeeper/driver-contract';
import type { OperationRow, WorkloadRow } from '@innkeeper/inventory';
import type { Problem } from '@innkeeper/model';
import type { Control } from '../control.ts';

/** What a kind of operation is given each time its list of steps is asked for. */
export interface OperationContext {
  readonly control: Control;
  readonly operation: OperationRow;
  readonly workload: WorkloadRow;
  /** What earlier steps decided; JSON, kept with the operation. */
  readonly memory: Readonly<Record<string, unknown>>;
  readonly remember: (added: Readonly<Record<string, unknown>>) => Promise<void>;
}

/**
 * Steps may depend on what earlier ones decided: the list is asked for again after each,
 * and what is behind the last finished one may only grow.
 */
export interface OperationDefinition {
  readonly steps: (context: OperationContext) => readonly Step[];
  /** Whether a failure unwinds the steps that were done, or leaves them for another try. */
  readonly undoOnFailure: boolean;
  readonly onDone: (context: OperationContext) => Promise<void>;
  readonly onFailed: (context: OperationContext, problem: Problem) => Promise<void>;
}
