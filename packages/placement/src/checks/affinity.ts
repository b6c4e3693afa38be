import type { Affinity, CheckResult } from '@innkeeper/model';
import type { HostSnapshot, PlacedWorkload, PlacementRequest, Snapshot } from '../snapshot.ts';
import { failedForNow, passed } from './check.ts';

/** What several hosts have in common: their own name, or the value of a label. */
const placeOf = (host: HostSnapshot | undefined, by: string | undefined): string | undefined =>
  host === undefined ? undefined : by === undefined ? host.name : host.labels[by];

const isMeant = (one: Affinity, { name, labels }: PlacedWorkload): boolean =>
  one.workload === undefined
    ? Object.entries(one.labels ?? {}).every(([key, value]) => labels[key] === value)
    : name === one.workload;

const textOf = (one: Affinity): string =>
  one.workload ??
  `workloads with ${Object.entries(one.labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')}`;

/** Where the workloads that an affinity means are; found once for all hosts. */
export interface Neighbours {
  readonly wish: Affinity;
  readonly kind: 'near' | 'away';
  readonly text: string;
  /** Names by place. */
  readonly at: ReadonlyMap<string, readonly string[]>;
}

const neighboursOf = (wish: Affinity, kind: 'near' | 'away', name: string, snapshot: Snapshot): Neighbours => {
  const hosts = new Map(snapshot.hosts.map((host) => [host.name, host]));
  const at = new Map<string, string[]>();
  for (const other of snapshot.workloads) {
    if (other.name === name || !isMeant(wish, other)) continue;
    const place = placeOf(hosts.get(other.host), wish.by);
    if (place !== undefined) at.set(place, [...(at.get(place) ?? []), other.name]);
  }
  return { wish, kind, text: textOf(wish), at };
};

export const allNeighbours = ({ name, spec }: PlacementRequest, snapshot: Snapshot): Neighbours[] => [
  ...spec.near.map((wish) => neighboursOf(wish, 'near', name, snapshot)),
  ...spec.away.map((wish) => neighboursOf(wish, 'away', name, snapshot)),
];

export const neighboursAt = ({ at, wish }: Neighbours, host: HostSnapshot): readonly string[] =>
  at.get(placeOf(host, wish.by) ?? '') ?? [];

const where = (host: HostSnapshot, { wish }: Neighbours): string =>
  wish.by === undefined ? host.name : `${wish.by} ${host.labels[wish.by] ?? '(none)'}`;

const checkOne = (host: HostSnapshot, neighbours: Neighbours): CheckResult => {
  const { kind, text, at } = neighbours;
  const here = neighboursAt(neighbours, host);
  const check = `${kind}:${text}`;
  const need = `${kind === 'near' ? 'near' : 'away from'} ${text}`;
  const have = here.length === 0 ? 'none of them there' : here.join(', ');
  if (kind === 'away') {
    return here.length === 0
      ? passed(check, need, { have, text: `${text}: none on ${where(host, neighbours)}` })
      : failedForNow(check, need, 'away_violated', {
          have,
          text: `has to be away from ${text}, and ${here.join(', ')} is on ${where(host, neighbours)}`,
        });
  }
  // The first of a group has nobody to be near to.
  if (at.size === 0 && neighbours.wish.workload === undefined)
    return passed(check, need, { have: 'none anywhere yet', text: `there are no ${text} yet` });
  return here.length > 0
    ? passed(check, need, { have, text: `${here.join(', ')} is on ${where(host, neighbours)}` })
    : failedForNow(check, need, 'near_violated', {
        have,
        text: `has to be near ${text}, and none of them is on ${where(host, neighbours)}`,
      });
};

/** Hard wishes; soft ones are scores. */
export const affinityChecks = (host: HostSnapshot, neighbours: readonly Neighbours[]): CheckResult[] =>
  neighbours.filter(({ wish }) => wish.hard === true).map((one) => checkOne(host, one));
