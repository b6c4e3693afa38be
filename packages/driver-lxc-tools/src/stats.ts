import type { GuestRef } from '@innkeeper/driver-contract';
import { type Host, readUsage } from '@innkeeper/host';
import type { GuestStats } from '@innkeeper/model';
import { readStates } from './containers.ts';

/** What of a process' cgroup LXC has made for the container. */
const ownCgroup = /^.*?\/lxc\.payload[^/]*/;

/** One program for all, to learn their inits; the figures are files. */
export const containerStats = async (host: Host, guests: readonly GuestRef[]): Promise<Map<string, GuestStats>> => {
  if (guests.length === 0) return new Map();
  const running = await readStates(host);
  const usage = await readUsage(
    host,
    guests.flatMap(({ uuid, name }) => {
      const pid = running.get(name)?.pid;
      return pid === undefined ? [] : [{ key: uuid, pid }];
    }),
    ownCgroup,
  );
  return new Map(guests.map(({ uuid }) => [uuid, usage.get(uuid) ?? {}]));
};
