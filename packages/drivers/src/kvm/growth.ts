import type { Host } from '@innkeeper/host';
import { describeDomain, type Libvirt } from '@innkeeper/libvirt';
import { formatSize, InnkeeperError, type Paths } from '@innkeeper/model';
import { createVolumeDisk, diskSize, guestDiskPath, resizeQcow2, volumeDiskPath } from '@innkeeper/storage';
import type { Definition } from '../shared/definition.ts';
import { stateOf } from '../shared/lifecycle.ts';

interface Disk {
  /** For people. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

const disksOf = (paths: Paths, { uuid, spec }: Definition): Disk[] => [
  { name: 'disk', path: guestDiskPath(paths, uuid), bytes: spec.diskBytes },
  ...spec.volumes.map(({ name, sizeBytes }) => ({
    name: `volume ${name}`,
    path: volumeDiskPath(paths, uuid, name),
    bytes: sizeBytes,
  })),
];

/** Those that are smaller than they are to be. Throws `conflict` for one that is larger, before any was changed. */
const tooSmall = async (host: Host, disks: readonly Disk[]): Promise<Disk[]> => {
  const found: Disk[] = [];
  for (const disk of disks) {
    const now = await diskSize(host, disk.path);
    if (now > disk.bytes)
      throw new InnkeeperError(
        'conflict',
        `The ${disk.name} has ${formatSize(now)}: it only grows, not to ${formatSize(disk.bytes)}`,
      );
    if (now < disk.bytes) found.push(disk);
  }
  return found;
};

/** Makes the volumes that are not there yet. */
export const makeVolumes = async (host: Host, paths: Paths, { uuid, spec }: Definition): Promise<void> => {
  for (const { name, sizeBytes } of spec.volumes)
    await createVolumeDisk(host, paths, uuid, { name, sizeBytes, pool: spec.pool });
};

/**
 * Gives root disk and volumes their sizes, also while the machine runs; answers which fields of the specification that
 * were. The file system on a disk is the guest's to grow.
 */
export const growDisks = async (
  host: Host,
  libvirt: Libvirt,
  paths: Paths,
  definition: Definition,
): Promise<readonly ('disk' | 'volumes')[]> => {
  const { uuid } = definition;
  const growing = await tooSmall(host, disksOf(paths, definition));
  if (growing.length === 0) return [];
  const state = await stateOf(libvirt, uuid);
  const live = state === 'running' || state === 'paused' ? (await libvirt.xml([uuid])).get(uuid) : undefined;
  const inUse = new Set(live === undefined ? [] : describeDomain(live).disks.map(({ source }) => source));
  for (const { path, bytes } of growing)
    await (inUse.has(path) ? libvirt.resizeDisk(uuid, path, bytes) : resizeQcow2(host, path, bytes));
  return [...new Set(growing.map(({ name }) => (name === 'disk' ? ('disk' as const) : ('volumes' as const))))];
};
