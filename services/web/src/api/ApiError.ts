import type { Problem } from '@innkeeper/model';

/** A refusal of the control plane, or its silence (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly problem: Problem;

  constructor(problem: Problem, cause?: unknown) {
    super(problem.detail, cause === undefined ? undefined : { cause });
    this.problem = problem;
  }
}

export const problemFrom = (error: unknown): Problem =>
  error instanceof ApiError
    ? error.problem
    : { type: 'about:blank', title: 'A defect in the page', status: 0, code: 'internal', detail: String(error) };

export const isForbidden = (error: unknown): boolean => error instanceof ApiError && error.problem.code === 'forbidden';
