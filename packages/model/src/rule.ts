import { z } from 'zod';
import { backends } from './backend.ts';

/** A rule longer than this is refused before it is parsed. */
export const longestRule = 1000;
export const mostRules = 200;

const id = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be 1 to 63 lower-case letters, digits and hyphens, starting with a letter');

/** What a rule says of the candidates that it names: all of them when it names none. */
export const ruleEffects = ['require', 'forbid', 'prefer'] as const;
export type RuleEffect = (typeof ruleEffects)[number];

export const mostWeight = 1000;

/**
 * A rule of the operator. `when` is CEL over `w` (the workload), `h` (a host) and `d` (a driver on it).
 * Where it holds, candidates of `backend`, `driver` and `host` are required, forbidden or preferred.
 */
export const rule = z
  .strictObject({
    id,
    when: z.string().min(1).max(longestRule).meta({ description: 'CEL: when the rule applies' }),
    then: z.enum(ruleEffects),
    weight: z
      .int()
      .min(-mostWeight)
      .max(mostWeight)
      .optional()
      .meta({ description: 'Points of prefer; negative ones keep workloads away' }),
    backend: z.enum(backends).optional(),
    driver: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,30}$/)
      .optional(),
    host: z.string().min(1).max(63).optional(),
    message: z.string().min(1).max(300).meta({ description: 'Shown wherever the rule decided something' }),
    enabled: z.boolean().optional(),
  })
  .superRefine((one, ctx) => {
    if (one.then === 'prefer' && one.weight === undefined)
      ctx.addIssue({ code: 'custom', path: ['weight'], message: 'prefer needs a weight, such as 50' });
    if (one.then !== 'prefer' && one.weight !== undefined)
      ctx.addIssue({ code: 'custom', path: ['weight'], message: `${one.then} has no weight: only prefer has` });
  })
  .meta({ id: 'Rule', description: 'A rule of the operator' });
export type Rule = z.output<typeof rule>;

/** A rule as it was saved: each change is a version of its own, and none is lost. */
export const ruleView = z
  .object({
    rule,
    version: z.int(),
    /** Who saved this version; `innkeeper` for what was shipped. */
    author: z.string(),
    at: z.iso.datetime(),
    shipped: z.boolean(),
  })
  .meta({ id: 'SavedRule' });
export type RuleView = z.output<typeof ruleView>;

/** One version of a rule; without a rule it says that the rule was removed. */
export const ruleVersion = z
  .object({ version: z.int(), author: z.string(), at: z.iso.datetime(), rule: rule.optional() })
  .meta({ id: 'RuleVersion' });
export type RuleVersion = z.output<typeof ruleVersion>;

/** What a rule would do, tried on what there is. */
export const ruleTest = z
  .object({
    valid: z.boolean(),
    /** What is wrong with it, when it is not valid. */
    problem: z.string().optional(),
    /** `web on h1/lxc`: where it holds, and what that does; at most 100 lines. */
    lines: z.array(z.object({ workload: z.string(), candidate: z.string(), holds: z.boolean(), text: z.string() })),
  })
  .meta({ id: 'RuleTest' });
export type RuleTest = z.output<typeof ruleTest>;
