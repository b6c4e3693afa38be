import type { Host } from '@innkeeper/host';
import { type Paths, toInnkeeperError } from '@innkeeper/model';
import type { Reporter } from '../report.ts';
import type { Settings } from '../service/environment.ts';

/** What every step works on. */
export interface Ground {
  readonly host: Host;
  readonly paths: Paths;
  /** Directory of the program: a clone of the repository, or /opt/innkeeper. */
  readonly root: string;
  readonly report: Reporter;
  /** A database of the user's own, used in place of the embedded one. */
  readonly databaseUrl: string | undefined;
  /** Other settings of the control plane. */
  readonly settings: Settings;
}

/** `text` says how it is, or what `apply` would do. */
export interface Finding {
  readonly done: boolean;
  readonly text: string;
}

/** One part of set-up. Both functions may be called any number of times; `apply` only after `check` found something to do. */
export interface Step {
  readonly name: string;
  readonly why: string;
  check(ground: Ground): Promise<Finding>;
  /** Answers what it did. */
  apply(ground: Ground): Promise<string>;
}

const runStep = async (step: Step, ground: Ground): Promise<boolean> => {
  const found = await step.check(ground);
  if (found.done) {
    ground.report.done(step.name, `nothing to do (${found.text})`);
    return false;
  }
  ground.report.progress(step.name, found.text);
  ground.report.done(step.name, await step.apply(ground));
  return true;
};

/** Runs the steps in order and stops at the first that fails. Answers the names of those that changed something. */
export const runSteps = async (steps: readonly Step[], ground: Ground): Promise<string[]> => {
  const changed: string[] = [];
  for (const step of steps) {
    try {
      if (await runStep(step, ground)) changed.push(step.name);
    } catch (thrown) {
      ground.report.failed(step.name, `not done; it is needed for: ${step.why}`);
      throw toInnkeeperError(thrown);
    }
  }
  return changed;
};
