import { z } from 'zod';
import { backends } from './workload.ts';

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
    /** What would make a losing candidate fit, when little is missing. */
    nearMiss: z.string().optional(),
  })
  .meta({ id: 'CandidateResult' });
export type CandidateResult = z.output<typeof candidateResult>;

export const requirement = z.object({ id: z.string(), text: z.string() }).meta({ id: 'Requirement' });
export type Requirement = z.output<typeof requirement>;

/** A placement decision, whole: what was asked, every candidate with every check, and the winner. */
export const placementRecord = z
  .object({
    workload: z.string(),
    requirements: z.array(requirement),
    candidates: z.array(candidateResult),
    winner: candidate.optional(),
    /** One sentence for a table or a page. */
    reason: z.string(),
  })
  .meta({ id: 'PlacementRecord' });
export type PlacementRecord = z.output<typeof placementRecord>;
