import type { CheckResult } from '@innkeeper/model';

/** The parts of a check that depend on whether it passed. */
export interface Verdict {
  readonly have: string;
  readonly text: string;
}

export const passed = (check: string, need: string, { have, text }: Verdict): CheckResult => ({
  check,
  ok: true,
  need,
  have,
  code: 'ok',
  text,
});

export const failed = (check: string, need: string, code: string, { have, text }: Verdict): CheckResult => ({
  check,
  ok: false,
  need,
  have,
  code,
  text,
});

/** Failed now; it can pass later although the request stays as it is. */
export const failedForNow = (check: string, need: string, code: string, verdict: Verdict): CheckResult => ({
  ...failed(check, need, code, verdict),
  temporary: true,
});
