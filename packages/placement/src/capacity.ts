import type { CapacityView } from '@innkeeper/model';
import { decide } from './decide.ts';
import type { PlacementRequest, Snapshot } from './snapshot.ts';
import { withPlaced } from './what-if.ts';

/** Counting stops here: more is not a number that anybody plans with. */
const mostPerHost = 1000;

interface Filled {
  readonly view: CapacityView['hosts'][number];
  readonly snapshot: Snapshot;
}

const stopText = (name: string, reason: string): string => reason.replace(`${name} fits nowhere: `, '');

/** Other hosts get no copy; they are left in where it matters who is there. */
const onlyOn = (snapshot: Snapshot, { spec }: PlacementRequest, host: string): Snapshot => {
  const byLabel = [...spec.near, ...spec.away].some(({ by }) => by !== undefined);
  const hosts = byLabel
    ? snapshot.hosts.map((one) => (one.name === host ? one : { ...one, drivers: [] }))
    : snapshot.hosts.filter(({ name }) => name === host);
  return { ...snapshot, hosts };
};

/** Fills one host with copies, each placed as a real one would be. */
const fill = (before: Snapshot, request: PlacementRequest, host: string): Filled => {
  let snapshot = before;
  for (let count = 0; count < mostPerHost; count += 1) {
    // No guest can have a name with a plus, so that a copy is taken for nobody who is there.
    const copy = { ...request, name: `${request.name}+${host}+${count + 1}` };
    const { winner, reason } = decide(onlyOn(snapshot, request, host), copy);
    if (winner === undefined) return { view: { host, count, stop: stopText(copy.name, reason) }, snapshot };
    snapshot = withPlaced(snapshot, copy, winner);
  }
  return { view: { host, count: mostPerHost, stop: `counting stops at ${mostPerHost}` }, snapshot };
};

/** Copies that have to be near or away from each other take room from one another across hosts. */
const dependOnEachOther = ({ spec }: PlacementRequest): boolean =>
  [...spec.near, ...spec.away].some(({ hard }) => hard === true);

const fillAll = (snapshot: Snapshot, request: PlacementRequest): Filled['view'][] => {
  const keep = dependOnEachOther(request);
  const views: Filled['view'][] = [];
  let now = snapshot;
  for (const { name } of snapshot.hosts) {
    const filled = fill(now, request, name);
    views.push(filled.view);
    if (keep) now = filled.snapshot;
  }
  return views;
};

/** How many more of this would fit, host by host, and what stops the next one. */
export const capacityFor = (snapshot: Snapshot, request: PlacementRequest): CapacityView => {
  const hosts = fillAll(snapshot, request).sort((a, b) => b.count - a.count || (a.host < b.host ? -1 : 1));
  const [first] = hosts;
  return {
    count: hosts.reduce((sum, { count }) => sum + count, 0),
    more: hosts.some(({ count }) => count === mostPerHost),
    hosts,
    stop: first?.stop ?? 'no host with a driver is known',
  };
};
