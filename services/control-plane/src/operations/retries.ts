import { setTimeout as delay } from 'node:timers/promises';
import type { OperationRow } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import type { Control } from '../control.ts';

/** Errors that go away by themselves are tried again this often, after these pauses. */
const retryPausesMs = [500, 2000, 8000];

const isTransient = (error: unknown): boolean => error instanceof InnkeeperError && error.code === 'transient';

/** The work of a step, or its undo. */
export const withRetries = async (
  { control, row, signal }: { readonly control: Control; readonly row: OperationRow; readonly signal: AbortSignal },
  work: () => Promise<void>,
): Promise<void> => {
  for (const pause of retryPausesMs) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
      control.log.warn({ operation: row.id, err: error }, 'a step is tried again');
      await delay(pause, undefined, { signal });
    }
  }
  return work();
};
