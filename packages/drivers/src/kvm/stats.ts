import type { GuestRef } from '@innkeeper/driver-contract';
import type { DomainStats, Libvirt } from '@innkeeper/libvirt';
import type { GuestStats } from '@innkeeper/model';
import type { OwnBytes } from '@innkeeper/storage';
import { diskFigures } from '../shared/disk-figures.ts';
import { memoryInUse } from './memory.ts';

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

const figuresOf = (now: DomainStats): GuestStats => {
  const memoryBytes = memoryInUse(now);
  return {
    atMs: Date.now(),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(now.cpuTimeNs === undefined ? {} : { cpuSeconds: now.cpuTimeNs / 1e9 }),
    diskReadBytes: sum(now.blocks, ({ readBytes }) => readBytes),
    diskWrittenBytes: sum(now.blocks, ({ writeBytes }) => writeBytes),
    // libvirt turns the figures of the tap device round: received is what the guest received.
    receivedBytes: sum(now.nets, ({ rxBytes }) => rxBytes),
    sentBytes: sum(now.nets, ({ txBytes }) => txBytes),
  };
};

/** One question to libvirt and at most one program, however many machines. */
export const machineStats = async (
  libvirt: Libvirt,
  guests: readonly GuestRef[],
  ownBytes: (uuids: readonly string[]) => Promise<ReadonlyMap<string, OwnBytes>>,
): Promise<Map<string, GuestStats>> => {
  if (guests.length === 0) return new Map();
  const [all, own] = await Promise.all([libvirt.domstats(), ownBytes(guests.map(({ uuid }) => uuid))]);
  const byUuid = new Map(all.map((stats) => [stats.uuid, stats]));
  return new Map(
    guests.map(({ uuid }): [string, GuestStats] => {
      const now = byUuid.get(uuid);
      return [uuid, { ...(now === undefined ? {} : figuresOf(now)), ...diskFigures(own.get(uuid)) }];
    }),
  );
};
