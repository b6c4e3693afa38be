import type { Candidate, CandidateResult, CheckResult, ScorePart } from '@innkeeper/model';
import type { PlacementRequest } from './snapshot.ts';

const asWhat = { lxc: 'a container', kvm: 'a virtual machine' } as const;

export const keyOf = ({ host, driver }: Candidate): string => `${host}/${driver}`;

/** By score, then by name: the order in which hosts are given does not matter. */
export const better = (a: CandidateResult, b: CandidateResult): number =>
  b.total - a.total || (keyOf(a.candidate) < keyOf(b.candidate) ? -1 : 1);

const failures = ({ checks }: Pick<CandidateResult, 'checks'>): CheckResult[] => checks.filter(({ ok }) => !ok);

const nouns: Readonly<Record<string, string>> = { cpus: 'processors', memory: 'memory', disk: 'disk space' };

/** What would have to be otherwise for one check to pass, to follow "if". */
const ifOf = ({ check, code, need, have, text }: CheckResult, host: string): string => {
  if (code === `not_enough_${check}`) {
    const noun = nouns[check] ?? check;
    const amount = check === 'cpus' ? `${need} ${noun}` : `${need} of ${noun}`;
    return `${amount} were free (now ${have})`;
  }
  if (code === 'host_not_up') return `${host} were up (${text})`;
  return `this changed: ${text}`;
};

/** Of a candidate that fails nothing but what room or time can mend. */
export const nearMissOf = (candidate: Candidate, checks: readonly CheckResult[]): { nearMiss?: string } => {
  const failed = failures({ checks: [...checks] });
  const near =
    failed.length > 0 && failed.every(({ temporary, code }) => temporary === true || code.startsWith('not_enough_'));
  if (!near) return {};
  return {
    nearMiss: `fits ${keyOf(candidate)} if ${failed.map((check) => ifOf(check, candidate.host)).join(' and ')}`,
  };
};

const pointsOf = ({ scores }: CandidateResult, name: string): number =>
  scores.find((part) => part.name === name)?.points ?? 0;

/** The part of the score by which one candidate is furthest ahead of another. */
const lead = (winner: CandidateResult, other: CandidateResult): ScorePart | undefined =>
  [...winner.scores].sort(
    (a, b) => b.points - pointsOf(other, b.name) - (a.points - pointsOf(other, a.name)) || (a.name < b.name ? -1 : 1),
  )[0];

/** Why the other backend was not taken: its refusal if it could not, else what put this one ahead. */
export const reasonFor = (winner: CandidateResult, all: readonly CandidateResult[]): string => {
  const { host, backend } = winner.candidate;
  const opening = `runs as ${asWhat[backend]} on ${host}`;
  const otherBackends = all.filter(({ candidate }) => candidate.backend !== backend);
  const here = otherBackends.filter(({ candidate }) => candidate.host === host);
  const others = here.length > 0 ? here : otherBackends;
  const possible = others.find(({ fits }) => fits);
  if (others.length === 0) return `${opening}: no other backend is there`;
  if (possible !== undefined) return `${opening}: ${lead(winner, possible)?.text ?? 'it scored higher'}`;
  return `${opening}: ${others.flatMap(failures)[0]?.text ?? 'nothing else fits'}`;
};

/** The candidate that is nearest to fitting: nothing but time or room first, then the fewest failed checks. */
const nearest = (all: readonly CandidateResult[]): CandidateResult | undefined =>
  [...all].sort(
    (a, b) =>
      Number(b.nearMiss !== undefined) - Number(a.nearMiss !== undefined) ||
      failures(a).length - failures(b).length ||
      better(a, b),
  )[0];

/** Rules that leave nothing together although each alone would leave something. */
const contradiction = (all: readonly CandidateResult[]): string | undefined => {
  const blocking = all.map((result) => failures(result).filter(({ check }) => check.startsWith('rule:')));
  const otherwise = all.some((result) => failures(result).every(({ check }) => check.startsWith('rule:')));
  const ids = [...new Set(blocking.flat().map(({ check }) => check.slice('rule:'.length)))].sort();
  if (!otherwise || ids.length < 2) return undefined;
  const alone = ids.some((id) => blocking.every((checks) => checks.some(({ check }) => check === `rule:${id}`)));
  return alone
    ? undefined
    : `the rules ${ids.join(' and ')} contradict each other: together they leave no host and backend`;
};

export const refusalFor = ({ name }: PlacementRequest, all: readonly CandidateResult[]): string => {
  const closest = nearest(all);
  if (closest === undefined) return `${name} fits nowhere: no host with a driver is known`;
  const against = contradiction(all);
  if (against !== undefined) return `${name} fits nowhere: ${against}`;
  if (closest.nearMiss !== undefined) return `${name} fits nowhere: ${closest.nearMiss}`;
  // What cannot change says more than what can.
  const lasting = failures(closest).find(({ temporary }) => temporary !== true) ?? failures(closest)[0];
  return `${name} fits nowhere: on ${keyOf(closest.candidate)}, ${lasting?.text ?? ''}`;
};

/** Waiting helps when some candidate fails nothing but what passes by itself. */
export const waitsForOf = (all: readonly CandidateResult[]): { waitsFor?: string } => {
  const hopeful = all.filter((result) => failures(result).every(({ temporary }) => temporary === true));
  const [first] = hopeful.sort((a, b) => failures(a).length - failures(b).length || better(a, b));
  return first?.nearMiss === undefined ? {} : { waitsFor: first.nearMiss };
};
