import type { GuestRef } from '@innkeeper/driver-contract';
import { type Host, readUsage } from '@innkeeper/host';
import type { GuestStats } from '@innkeeper/model';
import type { OwnBytes } from '@innkeeper/storage';
import { diskFigures } from '../shared/disk-figures.ts';
import { initPids } from './init.ts';

/** What of a process' cgroup libvirt (on v1) or systemd's machined (on v2) has made for the container. */
export const ownCgroup = /^.*?(?:\.libvirt-lxc|machine-lxc[^/]*\.scope)(?=\/|$)/;

/** Four readings of files and at most one program, however many containers; no virsh at all. */
export const containerStats = async (
  host: Host,
  guests: readonly GuestRef[],
  ownBytes: (uuids: readonly string[]) => Promise<ReadonlyMap<string, OwnBytes>>,
): Promise<Map<string, GuestStats>> => {
  const [pids, own] = await Promise.all([initPids(host, guests), ownBytes(guests.map(({ uuid }) => uuid))]);
  const usage = await readUsage(
    host,
    [...pids].map(([key, pid]) => ({ key, pid })),
    ownCgroup,
  );
  return new Map(guests.map(({ uuid }) => [uuid, { ...usage.get(uuid), ...diskFigures(own.get(uuid)) }]));
};
