import type { GuestRef } from '@innkeeper/driver-contract';
import { type Host, readUsage } from '@innkeeper/host';
import type { GuestStats } from '@innkeeper/model';
import { initPids } from './init.ts';

/** What of a process' cgroup libvirt (on v1) or systemd's machined (on v2) has made for the container. */
export const ownCgroup = /^.*?(?:\.libvirt-lxc|machine-lxc[^/]*\.scope)(?=\/|$)/;

/** Four readings of files and at most one program, however many containers; no virsh at all. */
export const containerStats = async (
  host: Host,
  guests: readonly GuestRef[],
  ownBytes: (uuids: readonly string[]) => Promise<ReadonlyMap<string, number>>,
): Promise<Map<string, GuestStats>> => {
  const [pids, own] = await Promise.all([initPids(host, guests), ownBytes(guests.map(({ uuid }) => uuid))]);
  const usage = await readUsage(
    host,
    [...pids].map(([key, pid]) => ({ key, pid })),
    ownCgroup,
  );
  return new Map(
    guests.map(({ uuid }) => {
      const bytes = own.get(uuid);
      return [uuid, { ...usage.get(uuid), ...(bytes === undefined ? {} : { ownDiskBytes: bytes }) }];
    }),
  );
};
