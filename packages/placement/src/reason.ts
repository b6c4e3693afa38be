import {
  type Candidate,
  type CandidateResult,
  type CheckResult,
  nearMissText,
  parseSize,
  type ScorePart,
} from '@innkeeper/model';
import type { PlacementRequest } from './snapshot.ts';

const asWhat = { lxc: 'a container', kvm: 'a virtual machine' } as const;

export const keyOf = ({ host, driver }: Candidate): string => `${host}/${driver}`;

/** By score, then by name: the order in which hosts are given does not matter. */
export const better = (a: CandidateResult, b: CandidateResult): number =>
  b.total - a.total || (keyOf(a.candidate) < keyOf(b.candidate) ? -1 : 1);

const failures = ({ checks }: Pick<CandidateResult, 'checks'>): CheckResult[] => checks.filter(({ ok }) => !ok);

/** True of a candidate that fails nothing but what passes by itself. */
const isHopeful = (result: CandidateResult): boolean => failures(result).every(({ temporary }) => temporary === true);

const amountOf = ({ check, need }: CheckResult): string => {
  if (check === 'cpus') return need === '1' ? '1 processor' : `${need} processors`;
  return `${need} of ${check === 'disk' ? 'disk space' : check}`;
};

const ifRoom = (failed: CheckResult, host: string): string =>
  failed.temporary === true
    ? `${amountOf(failed)} were free (now ${failed.have})`
    : `${host} had ${amountOf(failed)} to promise (it has ${failed.have})`;

/** What would have to be otherwise for a check to pass, to follow "if"; by the code of its failure. */
const ifs: Readonly<Record<string, (failed: CheckResult, candidate: Candidate) => string>> = {
  host_not_up: ({ have, text }, { host }) =>
    have === 'draining' ? `${host} were not being emptied` : `${host} were up (${text})`,
  report_stale: ({ have }, { host }) => `${host} reported again (its last report is ${have} old)`,
  driver_unhealthy: ({ have }, { driver }) => `the driver ${driver} worked (${have})`,
  not_enough_cpus: (failed, { host }) => ifRoom(failed, host),
  not_enough_memory: (failed, { host }) => ifRoom(failed, host),
  not_enough_disk: (failed, { host }) => ifRoom(failed, host),
  device_taken: ({ need, text }) => `${need} were free (${text})`,
  away_violated: ({ need, have }) => `${have} were elsewhere (it has to be ${need})`,
  near_violated: ({ need, text }) => `${need.replace(/^near /, '')} were there (${text})`,
  network_inactive: ({ need }, { host }) => `the network ${need} of ${host} were active`,
  dependency_not_ready: ({ check }) => `${check.replace(/^depends:/, '')} were ready`,
  dependency_not_running: ({ check, have }) =>
    `${check.replace(/^depends:/, '')} were ${have === 'not there' ? 'there and running' : 'running'}`,
};

const ifOf = (failed: CheckResult, candidate: Candidate): string =>
  ifs[failed.code]?.(failed, candidate) ?? `this changed: ${failed.text}`;

/** Of a candidate that fails nothing but what room or time can mend. */
export const nearMissOf = (candidate: Candidate, checks: readonly CheckResult[]): { nearMiss?: string } => {
  const failed = failures({ checks: [...checks] });
  const near =
    failed.length > 0 && failed.every(({ temporary, code }) => temporary === true || code.startsWith('not_enough_'));
  if (!near) return {};
  return {
    nearMiss: `fits ${keyOf(candidate)} if ${failed.map((check) => ifOf(check, candidate)).join(' and ')}`,
  };
};

const pointsOf = ({ scores }: CandidateResult, name: string): number =>
  scores.find((part) => part.name === name)?.points ?? 0;

/** The parts of the score by which one candidate is ahead of another, furthest first: its own, and what counts against the other. */
export const leads = (winner: CandidateResult, other: CandidateResult): ScorePart[] => {
  const own = new Set(winner.scores.map(({ name }) => name));
  return [...winner.scores, ...other.scores.filter(({ name }) => !own.has(name))]
    .map((part) => ({ ...part, points: pointsOf(winner, part.name) - pointsOf(other, part.name) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points || (a.name < b.name ? -1 : 1));
};

/** Failures that come from what was asked for or ruled, and not from how things are just now. */
const lasting = new Set([
  'origin_elsewhere',
  'backend_excluded',
  'capability_missing',
  'image_variant_missing',
  'rule_require',
  'rule_forbid',
  'rule_error',
]);

/** What speaks against a candidate that does not fit: what was asked for; else what would have put the winner ahead anyway. */
const refusalOf = (winner: CandidateResult, other: CandidateResult): string | undefined => {
  const failed = failures(other);
  const ahead = winner.total > other.total ? leads(winner, other)[0] : undefined;
  return (failed.find(({ code }) => lasting.has(code)) ?? ahead ?? failed[0])?.text;
};

/** Why the other backend was not taken: its refusal if it could not, else what put this one ahead. */
export const reasonFor = (winner: CandidateResult, all: readonly CandidateResult[]): string => {
  const { host, backend } = winner.candidate;
  const opening = `runs as ${asWhat[backend]} on ${host}`;
  const origin = winner.checks.find(({ check }) => check === 'origin');
  if (origin !== undefined) return `${opening}: ${origin.text}`;
  const otherBackends = all.filter(({ candidate }) => candidate.backend !== backend);
  const here = otherBackends.filter(({ candidate }) => candidate.host === host);
  const others = here.length > 0 ? here : otherBackends;
  const possible = others.find(({ fits }) => fits);
  if (others.length === 0) return `${opening}: no other backend is there`;
  if (possible !== undefined) {
    const [lead] = leads(winner, possible);
    return `${opening}: ${lead?.text ?? `${keyOf(possible.candidate)} would do as well, and of equals the first by name is taken`}`;
  }
  const [best] = others;
  return `${opening}: ${(best && refusalOf(winner, best)) ?? 'nothing else fits'}`;
};

/** What the manifest itself leaves out: to say that it did says nothing of why the rest does not fit. */
const ownWishes = new Set(['backend_excluded', 'host_excluded', 'host_labels_differ', 'origin_elsewhere']);

const isLeftOut = (result: CandidateResult): boolean => failures(result).some(({ code }) => ownWishes.has(code));

/** How much of what is asked for is there, 0 … 1; less than nothing when another workload would have to move. */
const shareThere = ({ code, check, need, have }: CheckResult): number => {
  if (code === 'near_violated' || code === 'away_violated') return -1;
  if (code !== `not_enough_${check}`) return 1;
  const [there = 0, asked = 1] = [have, need].map((text) => (check === 'cpus' ? Number(text) : parseSize(text)));
  return there / asked;
};

const closeness = (result: CandidateResult): number => Math.min(1, ...failures(result).map(shareThere));

/** The candidate that is nearest to fitting: what waiting helps first, then what more room would, then the fewest failed checks. */
const nearest = (all: readonly CandidateResult[]): CandidateResult | undefined =>
  [...all].sort(
    (a, b) =>
      Number(isHopeful(b)) - Number(isHopeful(a)) ||
      Number(b.nearMiss !== undefined) - Number(a.nearMiss !== undefined) ||
      Number(isLeftOut(a)) - Number(isLeftOut(b)) ||
      failures(a).length - failures(b).length ||
      closeness(b) - closeness(a) ||
      better(a, b),
  )[0];

/** Rules that leave nothing together although each alone would leave something. */
const contradiction = (all: readonly CandidateResult[]): string | undefined => {
  const blocking = all.map((result) => failures(result).filter(({ check }) => check.startsWith('rule:')));
  // A candidate that no rule refuses is left by the rules, whatever else speaks against it.
  if (blocking.some((checks) => checks.length === 0)) return undefined;
  const otherwise = all.filter((result) => failures(result).every(({ check }) => check.startsWith('rule:')));
  const ids = [...new Set(otherwise.flatMap(failures).map(({ check }) => check.slice('rule:'.length)))].sort();
  const alone = ids.some((id) => blocking.every((checks) => checks.some(({ check }) => check === `rule:${id}`)));
  return alone || ids.length < 2
    ? undefined
    : `the rules ${ids.join(' and ')} contradict each other: together they leave no host and backend`;
};

export const refusalFor = ({ name }: PlacementRequest, all: readonly CandidateResult[]): string => {
  const closest = nearest(all);
  if (closest === undefined) return `${name} fits nowhere: no host with a driver is known`;
  const against = contradiction(all);
  if (against !== undefined) return `${name} fits nowhere: ${against}`;
  if (closest.nearMiss !== undefined) return `${name} fits nowhere: ${nearMissText(closest.nearMiss)}`;
  // What cannot change says more than what can.
  const worst = failures(closest).find(({ temporary }) => temporary !== true) ?? failures(closest)[0];
  return `${name} fits nowhere: on ${keyOf(closest.candidate)}, ${worst?.text ?? ''}`;
};

/** Waiting helps when some candidate fails nothing but what passes by itself. */
export const waitsForOf = (all: readonly CandidateResult[]): { waitsFor?: string } => {
  const waitsFor = nearest(all.filter(isHopeful))?.nearMiss;
  return waitsFor === undefined ? {} : { waitsFor };
};
