import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { makeQcow2 } from './disk.ts';
import { makePlace, placeFolder, removePlace } from './pools/places.ts';
import { poolFor } from './pools/pool.ts';
import { usesSubvolumes } from './pools/probe.ts';
import { limitSubvolume, makeSubvolume } from './pools/subvolumes.ts';

/** Of one workload. The names of volumes are checked: they are words. */
export const volumesFolder = (paths: Paths, id: string): string => placeFolder(paths, 'volumes', id);

/** A disk, as a virtual machine gets it. */
export const volumeDiskPath = (paths: Paths, id: string, name: string): string =>
  `${volumesFolder(paths, id)}/${name}.qcow2`;

/** A directory, as a container gets it. */
export const volumeDirectoryPath = (paths: Paths, id: string, name: string): string =>
  `${volumesFolder(paths, id)}/${name}`;

export interface NewVolume {
  readonly name: string;
  readonly sizeBytes: number;
  /** The pool that its workload stands in; the state directory when nothing is said. */
  readonly pool?: string | undefined;
}

/** Makes the disk where there is none. */
export const createVolumeDisk = async (
  host: Host,
  paths: Paths,
  id: string,
  { name, sizeBytes, pool }: NewVolume,
): Promise<void> => {
  await makePlace(host, paths, { kind: 'volumes', id, pool: await poolFor(host, paths, pool) });
  await makeQcow2(host, volumeDiskPath(paths, id, name), sizeBytes);
};

/** Makes the directory where there is none; it belongs to the container's root. Its size is a limit where its pool keeps limits. */
export const createVolumeDirectory = async (
  host: Host,
  paths: Paths,
  id: string,
  { name, sizeBytes, pool: poolName, owner }: NewVolume & { readonly owner: number },
): Promise<void> => {
  const path = volumeDirectoryPath(paths, id, name);
  const pool = await poolFor(host, paths, poolName);
  if ((await host.files.facts(path)) === undefined) {
    await makePlace(host, paths, { kind: 'volumes', id, pool });
    const beside = `${path}.new`;
    await host.files.remove(beside);
    if (await usesSubvolumes(host, pool)) await makeSubvolume(host, beside);
    await host.files.makeDirectory(beside, 0o755);
    await host.files.chown(beside, owner, owner);
    await host.files.rename(beside, path);
  }
  if (pool !== undefined) await limitSubvolume(host, path, sizeBytes);
};

/** All of one workload, with their data; none is no error. Throws `host_error` while its pool is away. */
export const destroyVolumes = (host: Host, paths: Paths, id: string): Promise<void> =>
  removePlace(host, paths, volumesFolder(paths, id));
