import type { Candidate, CandidateResult, CheckResult, PlacementRecord } from '@innkeeper/model';
import { checksFor } from './checks.ts';
import { requirementsOf } from './requirements.ts';
import { scoresFor } from './scores.ts';
import type { PlacementRequest, Snapshot } from './snapshot.ts';

const asWhat = { lxc: 'a container', kvm: 'a virtual machine' } as const;

const nearMissOf = (candidate: Candidate, checks: readonly CheckResult[]): { nearMiss?: string } => {
  const failed = checks.filter(({ ok }) => !ok);
  const [only] = failed;
  if (failed.length !== 1 || only === undefined || !only.code.startsWith('not_enough_')) return {};
  return {
    nearMiss: `fits ${candidate.host}/${candidate.driver} if ${only.need} of ${only.check} were free (now ${only.have})`,
  };
};

const evaluate = (snapshot: Snapshot, request: PlacementRequest): CandidateResult[] => {
  const requirements = requirementsOf(request.spec);
  return snapshot.hosts.flatMap((host) =>
    host.drivers.map((driver): CandidateResult => {
      const candidate = { host: host.name, driver: driver.driver, backend: driver.backend };
      const checks = checksFor(host, driver, request, requirements);
      const scores = scoresFor(host, driver, request);
      return {
        candidate,
        fits: checks.every(({ ok }) => ok),
        checks,
        scores,
        total: scores.reduce((sum, { points }) => sum + points, 0),
        ...nearMissOf(candidate, checks),
      };
    }),
  );
};

const key = ({ host, driver }: Candidate): string => `${host}/${driver}`;

/** By score, then by name: the order in which hosts are given does not matter. */
const better = (a: CandidateResult, b: CandidateResult): number =>
  b.total - a.total || (key(a.candidate) < key(b.candidate) ? -1 : 1);

const failures = (result: CandidateResult): CheckResult[] => result.checks.filter(({ ok }) => !ok);

/** Why the other backend was not taken: its refusal if it could not, else the score. */
const reasonFor = (winner: CandidateResult, all: readonly CandidateResult[]): string => {
  const { host, backend } = winner.candidate;
  const opening = `runs as ${asWhat[backend]} on ${host}`;
  const otherBackends = all.filter(({ candidate }) => candidate.backend !== backend);
  const here = otherBackends.filter(({ candidate }) => candidate.host === host);
  const others = here.length > 0 ? here : otherBackends;
  const possible = others.find(({ fits }) => fits);
  if (others.length === 0) return `${opening}: no other backend is there`;
  if (possible !== undefined) {
    const ahead = winner.scores.find(({ name }) => name === 'backend');
    return `${opening}: ${backend === 'lxc' ? ahead?.text : (winner.scores.find(({ name }) => name === 'stay')?.text ?? 'it scored higher')}`;
  }
  const refusal = others.flatMap(failures)[0];
  return `${opening}: ${refusal?.text ?? 'nothing else fits'}`;
};

const refusalFor = (request: PlacementRequest, all: readonly CandidateResult[]): string => {
  if (all.length === 0) return `${request.name} fits nowhere: no host with a driver is known`;
  const near = all.find(({ nearMiss }) => nearMiss !== undefined)?.nearMiss;
  if (near !== undefined) return `${request.name} fits nowhere: ${near}`;
  const fewest = [...all].sort((a, b) => failures(a).length - failures(b).length || better(a, b))[0];
  return `${request.name} fits nowhere: ${fewest === undefined ? '' : `on ${key(fewest.candidate)}, ${failures(fewest)[0]?.text ?? ''}`}`;
};

/**
 * Which host and driver a workload gets, and why. Pure: the same snapshot and request give the same record.
 * Every check runs for every (host, driver) pair, so that the record answers "why not there?" for each.
 */
export const decide = (snapshot: Snapshot, request: PlacementRequest): PlacementRecord => {
  const candidates = evaluate(snapshot, request).sort((a, b) => Number(b.fits) - Number(a.fits) || better(a, b));
  const winner = candidates.find(({ fits }) => fits);
  return {
    workload: request.name,
    requirements: requirementsOf(request.spec).map(({ id, text }) => ({ id, text })),
    candidates,
    ...(winner === undefined ? {} : { winner: winner.candidate }),
    reason: winner === undefined ? refusalFor(request, candidates) : reasonFor(winner, candidates),
  };
};
