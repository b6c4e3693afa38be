import type { Step, StepContext } from './contract.ts';

/** Waits for all, then throws the first failure: what still runs must not overlap with an undo. */
const all = async (steps: readonly Step[], work: (step: Step) => Promise<void>): Promise<void> => {
  const failed = (await Promise.allSettled(steps.map(work))).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
};

/** Steps that do not need each other, as one: they run at the same time, and are undone at the same time. */
export const together = (name: string, ...steps: readonly Step[]): Step => ({
  name,
  run: (context: StepContext) => all(steps, (step) => step.run(context)),
  undo: (context: StepContext) => all(steps, async (step) => step.undo?.(context)),
});
