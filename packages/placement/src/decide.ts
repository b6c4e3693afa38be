import type { CandidateResult, DriverReport, PlacementRecord } from '@innkeeper/model';
import { affinityChecks, allNeighbours } from './checks/affinity.ts';
import { capacityChecks } from './checks/capacity.ts';
import { deviceChecks } from './checks/devices.ts';
import { driverChecks } from './checks/driver.ts';
import { dependencyChecks, hostChecks } from './checks/host.ts';
import { portChecks } from './checks/ports.ts';
import { better, nearMissOf, reasonFor, refusalFor, waitsForOf } from './reason.ts';
import { requirementsOf } from './requirements.ts';
import { openRules, type RuleBook } from './rules/apply.ts';
import { groupsByHost, hostScores, stayScore } from './scores.ts';
import type { HostSnapshot, PlacementRequest, Snapshot } from './snapshot.ts';

const countByHost = ({ workloads }: Snapshot): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { host } of workloads) counts.set(host, (counts.get(host) ?? 0) + 1);
  return counts;
};

/**
 * Drivers that a decision is made between. One that only shows guests is no candidate where another one makes guests of its
 * kind, unless it was asked for by its name.
 */
const driversFor = ({ drivers }: HostSnapshot, { spec }: PlacementRequest): readonly DriverReport[] =>
  drivers.filter(
    ({ driver, backend, placeable }) =>
      placeable || spec.driver === driver || drivers.every((other) => !other.placeable || other.backend !== backend),
  );

/** Every check and score for every (host, driver) pair. What does not depend on the driver is found once per host. */
const evaluate = (snapshot: Snapshot, request: PlacementRequest, rules: RuleBook): CandidateResult[] => {
  const requirements = requirementsOf(request.spec);
  const neighbours = allNeighbours(request, snapshot);
  const groups = groupsByHost(request, snapshot);
  const counts = countByHost(snapshot);
  const dependencies = dependencyChecks(request, snapshot);
  return snapshot.hosts.flatMap((host) => {
    const drivers = driversFor(host, request);
    if (drivers.length === 0) return [];
    const before = hostChecks(host, request);
    const after = [
      ...capacityChecks(host, request),
      ...deviceChecks(host, request),
      ...portChecks(host, request),
      ...affinityChecks(host, neighbours),
      ...dependencies,
    ];
    const shared = hostScores(host, request, neighbours, groups);
    const verdicts = rules.judge(host, drivers, counts.get(host.name) ?? 0);
    return drivers.map((driver, at): CandidateResult => {
      const candidate = { host: host.name, driver: driver.driver, backend: driver.backend };
      const verdict = verdicts[at] ?? { checks: [], scores: [] };
      const checks = [
        ...before,
        ...driverChecks(host, driver, request, requirements, snapshot.networks),
        ...after,
        ...verdict.checks,
      ];
      const scores = [...verdict.scores, ...shared, ...stayScore(host, driver, request)];
      return {
        candidate,
        fits: checks.every(({ ok }) => ok),
        checks,
        scores,
        total: scores.reduce((sum, { points }) => sum + points, 0),
        ...nearMissOf(candidate, checks),
      };
    });
  });
};

/**
 * Which host and driver a workload gets, and why. Pure: the same snapshot and request give the same record.
 * Every check runs for every (host, driver) pair, so that the record answers "why not there?" for each.
 */
export const decide = (snapshot: Snapshot, request: PlacementRequest): PlacementRecord => {
  const rules = openRules(snapshot.rules, request);
  const candidates = evaluate(snapshot, request, rules).sort((a, b) => Number(b.fits) - Number(a.fits) || better(a, b));
  const [first] = candidates;
  const winner = first?.fits === true ? first : undefined;
  return {
    workload: request.name,
    requirements: requirementsOf(request.spec).map(({ id, text }) => ({ id, text })),
    rules: rules.outcomes(),
    candidates,
    ...(winner === undefined
      ? { reason: refusalFor(request, candidates), ...waitsForOf(candidates) }
      : { winner: winner.candidate, reason: reasonFor(winner, candidates) }),
  };
};
