import type { Affinity, CheckResult } from '@innkeeper/model';
import type { HostSnapshot, PlacedWorkload, PlacementRequest, Snapshot } from '../snapshot.ts';
import { failedForNow, passed } from './check.ts';

/** Labels are users' words, and `constructor` is one that every object has. */
export const labelOf = (labels: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;

/** What several hosts have in common: their own name, or the value of a label. */
const placeOf = (host: HostSnapshot | undefined, by: string | undefined): string | undefined =>
  host === undefined ? undefined : by === undefined ? host.name : labelOf(host.labels, by);

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

/** Nobody's place is a host without the label. */
export const neighboursAt = ({ at, wish }: Neighbours, host: HostSnapshot): readonly string[] => {
  const place = placeOf(host, wish.by);
  return place === undefined ? [] : (at.get(place) ?? []);
};

const where = (host: HostSnapshot, { wish }: Neighbours): string => {
  if (wish.by === undefined) return `on ${host.name}`;
  const value = labelOf(host.labels, wish.by);
  return value === undefined ? `at ${host.name}, which has no label ${wish.by}` : `in ${wish.by} ${value}`;
};

/** Two wishes for the same neighbours can differ in what counts as one place. */
export const wishName = ({ kind, text, wish }: Neighbours): string =>
  `${kind}:${text}${wish.by === undefined ? '' : ` by ${wish.by}`}`;

const mostNamed = 3;

/** `db is on h1`, `db-1, db-2 are in zone a`. */
export const areThere = (names: readonly string[], host: HostSnapshot, neighbours: Neighbours): string => {
  const more = names.length - mostNamed;
  const named = names.slice(0, mostNamed).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return `${named} ${names.length === 1 ? 'is' : 'are'} ${where(host, neighbours)}`;
};

const checkAway = (host: HostSnapshot, neighbours: Neighbours): CheckResult => {
  const { text } = neighbours;
  const here = neighboursAt(neighbours, host);
  const need = `away from ${text}`;
  return here.length === 0
    ? passed(wishName(neighbours), need, {
        have: 'none of them there',
        text: `${text}: none ${where(host, neighbours)}`,
      })
    : failedForNow(wishName(neighbours), need, 'away_violated', {
        have: here.join(', '),
        text: `it has to be away from ${text}, and ${areThere(here, host, neighbours)}`,
      });
};

const checkNear = (host: HostSnapshot, neighbours: Neighbours): CheckResult => {
  const { text, at, wish } = neighbours;
  const here = neighboursAt(neighbours, host);
  const check = wishName(neighbours);
  const need = `near ${text}`;
  // The first of a group has nobody to be near to.
  if (at.size === 0 && wish.workload === undefined)
    return passed(check, need, { have: 'none anywhere yet', text: `there are no ${text} yet` });
  if (here.length > 0) return passed(check, need, { have: here.join(', '), text: areThere(here, host, neighbours) });
  const none = wish.workload === undefined ? 'none of them is' : `${text} is not`;
  return failedForNow(check, need, 'near_violated', {
    have: 'none of them there',
    text: `it has to be near ${text}, and ${none} ${where(host, neighbours)}`,
  });
};

/** Hard wishes; soft ones are scores. */
export const affinityChecks = (host: HostSnapshot, neighbours: readonly Neighbours[]): CheckResult[] =>
  neighbours
    .filter(({ wish }) => wish.hard === true)
    .map((one) => (one.kind === 'away' ? checkAway(host, one) : checkNear(host, one)));
