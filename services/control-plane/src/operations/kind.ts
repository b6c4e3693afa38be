import type { Step } from '@innkeeper/driver-contract';
import type { Db, NewEvent, OperationRow, WorkloadRow } from '@innkeeper/inventory';
import type { Problem } from '@innkeeper/model';
import type { Control } from '../control.ts';

/** What a kind of operation is given each time its list of steps is asked for. */
export interface OperationContext {
  readonly control: Control;
  readonly operation: OperationRow;
  readonly workload: WorkloadRow;
  /** What earlier steps decided; JSON, kept with the operation. */
  readonly memory: Readonly<Record<string, unknown>>;
  /** `tx`: in a transaction, whose connection is the only one that may be used in it. */
  readonly remember: (added: Readonly<Record<string, unknown>>, tx?: Db) => Promise<void>;
}

/** What is told of the end of an operation, about its workload. */
export type Told = Pick<NewEvent, 'kind' | 'text'>;

/**
 * Steps may depend on what earlier ones decided: the list is asked for again after each,
 * and what is behind the last finished one may only grow.
 */
export interface OperationDefinition {
  readonly steps: (context: OperationContext) => readonly Step[];
  /** Whether a failure unwinds the steps that were done, or leaves them for another try. */
  readonly undoOnFailure: boolean;
  /** Brings about what belongs to its end; may be called again. What is told is written together with the end, once. */
  readonly onDone: (context: OperationContext) => Promise<Told>;
  readonly onFailed: (context: OperationContext, problem: Problem) => Promise<Told>;
}
