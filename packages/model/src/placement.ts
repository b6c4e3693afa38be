import { z } from 'zod';
import { backends } from './backend.ts';
import { ruleEffects } from './rule.ts';

export const candidate = z
  .object({ host: z.string(), driver: z.string(), backend: z.enum(backends) })
  .meta({ id: 'Candidate' });
export type Candidate = z.output<typeof candidate>;

/** One requirement, rule or limit applied to one candidate. All are applied to all: nothing is cut short. */
export const checkResult = z
  .object({
    check: z.string(),
    ok: z.boolean(),
    need: z.string(),
    have: z.string(),
    /** Stable, for programs: `capability_missing`, `not_enough_memory`, … */
    code: z.string(),
    text: z.string(),
    /** True of a failed check that can pass later although the request stays as it is. */
    temporary: z.boolean().optional(),
  })
  .meta({ id: 'CheckResult' });
export type CheckResult = z.output<typeof checkResult>;

export const scorePart = z.object({ name: z.string(), points: z.number(), text: z.string() }).meta({ id: 'ScorePart' });
export type ScorePart = z.output<typeof scorePart>;

export const candidateResult = z
  .object({
    candidate,
    fits: z.boolean(),
    checks: z.array(checkResult),
    scores: z.array(scorePart),
    total: z.number(),
    /** What would make a losing candidate fit, when nothing but time or room is missing. */
    nearMiss: z.string().optional(),
  })
  .meta({ id: 'CandidateResult' });
export type CandidateResult = z.output<typeof candidateResult>;

export const requirement = z.object({ id: z.string(), text: z.string() }).meta({ id: 'Requirement' });
export type Requirement = z.output<typeof requirement>;

/** What became of a rule: for how many candidates it held, and what went wrong where it could not be evaluated. */
export const ruleOutcome = z
  .object({
    id: z.string(),
    effect: z.enum(ruleEffects),
    held: z.int(),
    message: z.string(),
    error: z.string().optional(),
  })
  .meta({ id: 'RuleOutcome' });
export type RuleOutcome = z.output<typeof ruleOutcome>;

/** A placement decision, whole: what was asked, every candidate with every check, and the winner. */
export const placementRecord = z
  .object({
    workload: z.string(),
    requirements: z.array(requirement),
    rules: z.array(ruleOutcome),
    candidates: z.array(candidateResult),
    winner: candidate.optional(),
    /** One sentence for a table or a page. */
    reason: z.string(),
    /** Without a winner: what it waits for. Missing when waiting would not help. */
    waitsFor: z.string().optional(),
  })
  .meta({ id: 'PlacementRecord' });
export type PlacementRecord = z.output<typeof placementRecord>;

/** Why a workload is not on a host: an answer for each driver there. */
export const whyNotView = z
  .object({
    workload: z.string(),
    host: z.string(),
    answers: z.array(z.object({ driver: z.string(), text: z.string() })),
  })
  .meta({ id: 'WhyNot' });
export type WhyNotView = z.output<typeof whyNotView>;
