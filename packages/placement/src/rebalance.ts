import type { Candidate, MoveProposal } from '@innkeeper/model';
import { decide } from './decide.ts';
import { keyOf } from './reason.ts';
import { promisedShare } from './scores.ts';
import type { PlacementRequest, Snapshot } from './snapshot.ts';
import { withoutPlaced, withPlaced } from './what-if.ts';

/** A smaller gain is not worth a move. */
const leastGain = 0.02;
const mostMoves = 20;

/** How uneven hosts are: the standard deviation of the share of their memory that is promised. */
export const unevenness = ({ hosts }: Snapshot): number => {
  const shares = hosts.filter(({ state }) => state === 'up').map((host) => promisedShare(host));
  if (shares.length === 0) return 0;
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length);
};

const percent = (snapshot: Snapshot, name: string): string => {
  const host = snapshot.hosts.find((one) => one.name === name);
  return host === undefined ? '?' : `${Math.round(promisedShare(host) * 100)} %`;
};

const round = (value: number): number => Math.round(value * 1000) / 1000;

interface Move extends MoveProposal {
  readonly next: Snapshot;
}

/** The best other place of one workload with the same driver: changing the backend is making it again, not moving it. */
const bestMove = (snapshot: Snapshot, request: PlacementRequest, from: Candidate): Move | undefined => {
  const before = unevenness(snapshot);
  const lifted = withoutPlaced(snapshot, request, from);
  const record = decide(lifted, { name: request.name, spec: request.spec });
  const moves = record.candidates
    .filter(({ fits, candidate }) => fits && candidate.driver === from.driver && candidate.host !== from.host)
    .map(({ candidate }): Move => {
      const next = withPlaced(lifted, request, candidate);
      const after = unevenness(next);
      const text =
        `move ${request.name} from ${from.host} to ${candidate.host}: memory promised on ${from.host} ` +
        `${percent(snapshot, from.host)} → ${percent(next, from.host)}, on ${candidate.host} ` +
        `${percent(snapshot, candidate.host)} → ${percent(next, candidate.host)}`;
      return {
        workload: request.name,
        from,
        to: candidate,
        before: round(before),
        after: round(after),
        text,
        record,
        next,
      };
    })
    .sort((a, b) => a.after - b.after || (keyOf(a.to) < keyOf(b.to) ? -1 : 1));
  return moves[0];
};

const staysWhere = ({ spec }: PlacementRequest): boolean => spec.host !== undefined || spec.devices.length > 0;

/**
 * What to move so that hosts are evener, one move after the other, each the best of its time. Proposals only.
 * `requests` are the workloads that there are; those that are tied to their host stay.
 */
export const proposeMoves = (
  snapshot: Snapshot,
  requests: readonly (PlacementRequest & { readonly current: Candidate })[],
): MoveProposal[] => {
  const proposals: MoveProposal[] = [];
  const moved = new Set<string>();
  let now = snapshot;
  while (proposals.length < mostMoves) {
    const best = requests
      .filter((request) => !moved.has(request.name) && !staysWhere(request))
      .flatMap((request) => bestMove(now, request, request.current) ?? [])
      .sort((a, b) => a.after - b.after || (a.workload < b.workload ? -1 : 1))[0];
    if (best === undefined || best.before - best.after < leastGain) return proposals;
    const { next, ...proposal } = best;
    proposals.push(proposal);
    moved.add(best.workload);
    now = next;
  }
  return proposals;
};
