import type { Candidate, CheckResult, DriverReport, Rule, RuleOutcome, ScorePart } from '@innkeeper/model';
import type { HostSnapshot, PlacementRequest } from '../snapshot.ts';
import { type Condition, compileCondition, evaluationError, type RuleFacts } from './engine.ts';
import { driverFacts, hostFacts, workloadFacts } from './facts.ts';

type Held = boolean | { readonly error: string };

interface Live {
  readonly rule: Rule;
  readonly condition: Condition | { readonly error: string };
  held: number;
  error: string | undefined;
}

const open = (rule: Rule): Live => {
  try {
    return { rule, condition: compileCondition(rule.when), held: 0, error: undefined };
  } catch (thrown) {
    return { rule, condition: { error: evaluationError(thrown).replace(/^when: /, '') }, held: 0, error: undefined };
  }
};

const evaluate = (live: Live, facts: RuleFacts): Held => {
  if ('error' in live.condition) return live.condition;
  try {
    return live.condition.holds(facts);
  } catch (thrown) {
    return { error: evaluationError(thrown) };
  }
};

const isNamed = ({ backend, driver, host }: Rule, candidate: Candidate): boolean =>
  (backend === undefined || backend === candidate.backend) &&
  (driver === undefined || driver === candidate.driver) &&
  (host === undefined || host === candidate.host);

const namedText = ({ backend, driver, host }: Rule): string =>
  [backend, driver, host].filter((part) => part !== undefined).join(', ') || 'any candidate';

const shown = ({ host, driver }: Candidate): string => `${host}/${driver}`;

/** What a rule that prefers says of the candidates that it does not name; a negative weight speaks for these. */
const otherText = (rule: Rule): string =>
  (rule.weight ?? 0) < 0
    ? `the rule ${rule.id} keeps it away from ${namedText(rule)}: ${rule.message}`
    : `the rule ${rule.id} prefers ${namedText(rule)}`;

/**
 * A rule that cannot be evaluated is taken as if it held: what it would then refuse is refused, and says why.
 * Better no placement than a wrong one.
 */
const checkOf = ({ rule }: Live, candidate: Candidate, error: string | undefined): CheckResult => {
  const named = isNamed(rule, candidate);
  const ok = rule.then === 'require' ? named : !named;
  const refusal =
    error === undefined ? rule.message : `the rule ${rule.id} cannot be evaluated, so it counts as violated: ${error}`;
  return {
    check: `rule:${rule.id}`,
    ok,
    need: `${rule.then === 'forbid' ? 'not ' : ''}${namedText(rule)}`,
    have: shown(candidate),
    code: ok ? 'ok' : error === undefined ? `rule_${rule.then}` : 'rule_error',
    text: ok ? `the rule ${rule.id} allows it` : refusal,
  };
};

const scoreOf = ({ rule }: Live, candidate: Candidate, error: string | undefined): ScorePart => {
  const counts = error === undefined && isNamed(rule, candidate);
  return {
    name: `rule:${rule.id}`,
    points: counts ? (rule.weight ?? 0) : 0,
    text:
      error === undefined
        ? counts
          ? rule.message
          : otherText(rule)
        : `the rule ${rule.id} cannot be evaluated: ${error}`,
  };
};

export interface RuleVerdict {
  readonly checks: readonly CheckResult[];
  readonly scores: readonly ScorePart[];
}

export interface RuleBook {
  /** What the rules say of the drivers of one host, in their order. */
  judge(host: HostSnapshot, drivers: readonly DriverReport[], workloads: number): RuleVerdict[];
  /** What became of each rule, after all hosts have been judged. */
  outcomes(): RuleOutcome[];
}

const nobody: RuleFacts['h'] = {
  name: '',
  state: '',
  labels: {},
  images: [],
  devices: [],
  cpus: 0n,
  memory: 0n,
  freeMemory: 0n,
  workloads: 0n,
};
const nothing: RuleFacts['d'] = { name: '', backend: '', acceleration: '' };

/** Rules opened for one request. What a rule does not ask about is not evaluated again for each host and driver. */
export const openRules = (rules: readonly Rule[], request: PlacementRequest): RuleBook => {
  const w = workloadFacts(request);
  const enabled = rules.filter((rule) => rule.enabled !== false).map(open);
  const usesOf = ({ condition }: Live) => ('error' in condition ? { h: false, d: false } : condition.uses);
  const fixed = new Map<Live, Held>();
  for (const live of enabled) {
    const uses = usesOf(live);
    if (!uses.h && !uses.d) fixed.set(live, evaluate(live, { w, h: nobody, d: nothing }));
  }
  const note = (live: Live, held: Held): void => {
    if (held === true) live.held += 1;
    else if (held !== false) live.error ??= held.error;
  };
  return {
    judge: (host, drivers, workloads) => {
      const needsHost = enabled.some((live) => !fixed.has(live));
      const h = needsHost ? hostFacts(host, workloads) : nobody;
      const perHost = new Map(fixed);
      for (const live of enabled) {
        if (!fixed.has(live) && !usesOf(live).d) perHost.set(live, evaluate(live, { w, h, d: nothing }));
      }
      return drivers.map((driver) => {
        const candidate = { host: host.name, driver: driver.driver, backend: driver.backend };
        const checks: CheckResult[] = [];
        const scores: ScorePart[] = [];
        let d: RuleFacts['d'] | undefined;
        for (const live of enabled) {
          let held = perHost.get(live);
          if (held === undefined) {
            d ??= driverFacts(driver);
            held = evaluate(live, { w, h, d });
          }
          note(live, held);
          if (held === false) continue;
          const error = held === true ? undefined : held.error;
          if (live.rule.then === 'prefer') scores.push(scoreOf(live, candidate, error));
          else checks.push(checkOf(live, candidate, error));
        }
        return { checks, scores };
      });
    },
    outcomes: () =>
      enabled.map(({ rule, held, error }) => ({
        id: rule.id,
        effect: rule.then,
        held,
        message: rule.message,
        ...(error === undefined ? {} : { error }),
      })),
  };
};
