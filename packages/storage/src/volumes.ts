import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { makeQcow2 } from './disk.ts';
import { layout } from './layout.ts';

/** Of one workload. The names of volumes are checked: they are words. */
export const volumesFolder = (paths: Paths, id: string): string => `${layout(paths).volumes}/${id}`;

/** A disk, as a virtual machine gets it. */
export const volumeDiskPath = (paths: Paths, id: string, name: string): string =>
  `${volumesFolder(paths, id)}/${name}.qcow2`;

/** A directory, as a container gets it. */
export const volumeDirectoryPath = (paths: Paths, id: string, name: string): string =>
  `${volumesFolder(paths, id)}/${name}`;

const makeFolder = async (host: Host, paths: Paths, id: string): Promise<void> => {
  await host.files.makeDirectory(layout(paths).volumes, 0o711);
  await host.files.makeDirectory(volumesFolder(paths, id), 0o711);
};

/** Makes the disk where there is none. */
export const createVolumeDisk = async (
  host: Host,
  paths: Paths,
  id: string,
  { name, sizeBytes }: { readonly name: string; readonly sizeBytes: number },
): Promise<void> => {
  await makeFolder(host, paths, id);
  await makeQcow2(host, volumeDiskPath(paths, id, name), sizeBytes);
};

/** Makes the directory where there is none; it belongs to the container's root. */
export const createVolumeDirectory = async (
  host: Host,
  paths: Paths,
  id: string,
  { name, owner }: { readonly name: string; readonly owner: number },
): Promise<void> => {
  const path = volumeDirectoryPath(paths, id, name);
  if ((await host.files.facts(path)) !== undefined) return;
  await makeFolder(host, paths, id);
  const beside = `${path}.new`;
  await host.files.remove(beside);
  await host.files.makeDirectory(beside, 0o755);
  await host.files.chown(beside, owner, owner);
  await host.files.rename(beside, path);
};

/** All of one workload, with their data; none is no error. */
export const destroyVolumes = (host: Host, paths: Paths, id: string): Promise<void> =>
  host.files.remove(volumesFolder(paths, id));
