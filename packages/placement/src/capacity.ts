import type { CapacityView } from '@innkeeper/model';
import { decide } from './decide.ts';
import type { PlacementRequest, Snapshot } from './snapshot.ts';
import { withPlaced } from './what-if.ts';

/** Counting stops here: more is not a number that anybody plans with. */
const mostPerHost = 1000;

interface HostCount {
  readonly host: string;
  readonly count: number;
  readonly stop: string;
}

const stopText = (name: string, reason: string): string => reason.replace(`${name} fits nowhere: `, '');

/** Others get no copy; they are left in where it matters who is near. */
const onlyOn = (snapshot: Snapshot, { spec }: PlacementRequest, host: string): Snapshot => {
  const byLabel = [...spec.near, ...spec.away].some(({ by }) => by !== undefined);
  const hosts = byLabel
    ? snapshot.hosts.map((one) => (one.name === host ? one : { ...one, drivers: [] }))
    : snapshot.hosts.filter(({ name }) => name === host);
  return { ...snapshot, hosts };
};

/** Fills one host with copies, each placed as a real one would be. */
const fill = (snapshot: Snapshot, request: PlacementRequest, host: string): HostCount => {
  let now = onlyOn(snapshot, request, host);
  for (let count = 0; count < mostPerHost; count += 1) {
    const copy = { ...request, name: `${request.name}-${count + 1}` };
    const { winner, reason } = decide(now, copy);
    if (winner === undefined) return { host, count, stop: stopText(copy.name, reason) };
    now = withPlaced(now, copy, winner);
  }
  return { host, count: mostPerHost, stop: `counting stops at ${mostPerHost}` };
};

/** How many more of this would fit, host by host, and what stops the next one. */
export const capacityFor = (snapshot: Snapshot, request: PlacementRequest): CapacityView => {
  const hosts = snapshot.hosts
    .map(({ name }) => fill(snapshot, request, name))
    .sort((a, b) => b.count - a.count || (a.host < b.host ? -1 : 1));
  const count = hosts.reduce((sum, one) => sum + one.count, 0);
  const [first] = hosts;
  return {
    count,
    more: hosts.some((one) => one.count === mostPerHost),
    hosts,
    stop: first?.stop ?? 'no host with a driver is known',
  };
};
