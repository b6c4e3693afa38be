import type { DriverReport, ScorePart } from '@innkeeper/model';
import { areThere, labelOf, type Neighbours, neighboursAt, wishName } from './checks/affinity.ts';
import { freeExclusive } from './checks/devices.ts';
import type { HostSnapshot, PlacementRequest, Snapshot } from './snapshot.ts';

const imagePoints = 10;
const roomPoints = 20;
const stayPoints = 100;
const wishPoints = 30;
const sameGroupPoints = -20;
const scarcePoints = -15;

const scoreImage = (host: HostSnapshot, request: PlacementRequest): ScorePart => {
  const there = request.spec.image.source.kind === 'blank' || host.images.includes(request.spec.image.name);
  return {
    name: 'image',
    points: there ? imagePoints : 0,
    text: there ? 'the image is there' : 'the image has to be built or fetched first',
  };
};

/** How much of a host's memory is promised, 0 … 1 and beyond: what rebalancing evens out as well. */
export const promisedShare = (host: HostSnapshot, more = 0): number => {
  const most = host.memoryBytes * host.memoryRatio - host.reserved.memoryBytes;
  return most <= 0 ? 1 : (host.claimed.memoryBytes + host.foreign.memoryBytes + more) / most;
};

/** As it would be with the workload: an empty small host is not roomier than an empty large one. */
const scoreRoom = (host: HostSnapshot, { spec }: PlacementRequest): ScorePart => {
  const free = Math.max(0, 1 - promisedShare(host, spec.memoryBytes));
  const percent = Math.round(free * 100);
  return spec.strategy === 'spread'
    ? {
        name: 'spread',
        points: Math.round(free * roomPoints),
        text: `${percent} % of the memory of ${host.name} would be left`,
      }
    : {
        name: 'pack',
        points: Math.round((1 - free) * roomPoints),
        text: `${100 - percent} % of the memory of ${host.name} would be taken`,
      };
};

const scoreWish = (host: HostSnapshot, neighbours: Neighbours): ScorePart[] => {
  const here = neighboursAt(neighbours, host);
  const { kind, text } = neighbours;
  if (here.length === 0) return [];
  return [
    {
      name: wishName(neighbours),
      points: kind === 'near' ? wishPoints : -wishPoints,
      text: `it wants to be ${kind === 'near' ? 'near' : 'away from'} ${text}, and ${areThere(here, host, neighbours)}`,
    },
  ];
};

/** Workloads by host that share the value of the label which a workload is spread by. */
export const groupsByHost = (
  { name, spec }: PlacementRequest,
  { workloads }: Snapshot,
): ReadonlyMap<string, number> => {
  const { spreadBy, labels } = spec;
  const value = spreadBy === undefined ? undefined : labelOf(labels, spreadBy);
  const counts = new Map<string, number>();
  if (spreadBy === undefined || value === undefined) return counts;
  for (const other of workloads) {
    if (other.name !== name && other.labels[spreadBy] === value)
      counts.set(other.host, (counts.get(other.host) ?? 0) + 1);
  }
  return counts;
};

const scoreGroup = (
  host: HostSnapshot,
  { spec }: PlacementRequest,
  groups: ReadonlyMap<string, number>,
): ScorePart[] => {
  const count = groups.get(host.name) ?? 0;
  if (count === 0) return [];
  const points = sameGroupPoints * count;
  const text = `${count} ${count === 1 ? 'workload' : 'workloads'} with the same ${spec.spreadBy} ${count === 1 ? 'is' : 'are'} on ${host.name}`;
  return [{ name: 'spread-by', points, text }];
};

const scoreScarce = (host: HostSnapshot, { spec }: PlacementRequest): ScorePart[] => {
  const free = spec.devices.length > 0 ? [] : freeExclusive(host);
  if (free.length === 0) return [];
  return [
    {
      name: 'scarce',
      points: scarcePoints,
      text: `the free ${free[0]?.title ?? 'GPU'} of ${host.name} is kept for those who ask for one`,
    },
  ];
};

/** Points that every driver of a host gets. */
export const hostScores = (
  host: HostSnapshot,
  request: PlacementRequest,
  neighbours: readonly Neighbours[],
  groups: ReadonlyMap<string, number>,
): ScorePart[] => [
  scoreImage(host, request),
  scoreRoom(host, request),
  ...neighbours.filter(({ wish }) => wish.hard !== true).flatMap((one) => scoreWish(host, one)),
  ...scoreGroup(host, request, groups),
  ...scoreScarce(host, request),
];

export const stayScore = (host: HostSnapshot, { driver }: DriverReport, { current }: PlacementRequest): ScorePart[] =>
  current?.host === host.name && current.driver === driver
    ? [{ name: 'stay', points: stayPoints, text: 'it is there already' }]
    : [];
