import { z } from 'zod';
import { workloadStates } from './states.ts';

/**
 * `changed`: somebody else gave it another value. `next start`: it is defined as asked, and acts from the next start on.
 * `not applied`: it was asked for, and the guest was not brought to it. `missing`: there is no guest. `newer`: the guest was
 * brought to something that the database does not know.
 */
export const differenceKinds = ['changed', 'next start', 'not applied', 'missing', 'newer'] as const;

/** One thing in which what is there is not what was asked. */
export const difference = z
  .object({
    field: z.string(),
    what: z.enum(differenceKinds),
    /** What the user set; missing where a default is meant. */
    asked: z.unknown(),
    /** What the guest's definition says; missing where nothing is known of it. */
    defined: z.unknown(),
    /** As it is now. */
    observed: z.unknown(),
    /** What sets it right, and when. */
    remedy: z.string(),
  })
  .meta({ id: 'Difference' });
export type Difference = z.output<typeof difference>;

export const workloadDiff = z
  .object({
    name: z.string(),
    host: z.string().optional(),
    state: z.enum(workloadStates),
    /** False while its host does not answer, or something is being done about it: nothing can be said then. */
    known: z.boolean(),
    differences: z.array(difference),
  })
  .meta({ id: 'WorkloadDiff' });
export type WorkloadDiff = z.output<typeof workloadDiff>;
