import type { StepRow } from '@innkeeper/inventory';

/** Thrown by a step that cannot go on now and can later: the operation is put aside, undoes nothing and blocks nobody. */
export class Waiting extends Error {
  override readonly name = 'Waiting';
  readonly waitsFor: string;

  constructor(waitsFor: string) {
    super(`waits: ${waitsFor}`);
    this.waitsFor = waitsFor;
  }
}

/**
 * What is to begin with a workload waits until it has been copied, for the workload that is called `into`; what is in the middle goes
 * on. Throws {@link Waiting}.
 */
export const requireNotCopied = (journaled: readonly StepRow[], into: string | undefined): void => {
  if (into === undefined || journaled.some(({ state }) => state !== 'pending')) return;
  throw new Waiting(`goes on when what it holds has been copied for ${into}`);
};
