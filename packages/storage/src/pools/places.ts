import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { layout } from '../layout.ts';
import { listPools, type PlaceKind, type Pool, requireThere } from './pool.ts';
import { deleteSubvolumesIn } from './subvolumes.ts';

/**
 * A guest's folder is below the state directory, or there is a link there which leads to the one in its pool: by the same path it
 * is found by libvirt, by hooks and by snapshots, wherever it stands.
 */
export const placeFolder = (paths: Paths, kind: PlaceKind, id: string): string => `${layout(paths)[kind]}/${id}`;

const targetOf = async (host: Host, link: string): Promise<string> =>
  (await host.run(['readlink', '--', link])).stdout.replace(/\n$/, '');

/** Where a guest's folder is without links: as the kernel tells of mounts. */
export const realFolder = async (host: Host, folder: string): Promise<string> =>
  (await host.files.facts(folder))?.kind === 'symlink' ? targetOf(host, folder) : folder;

/** As {@link realFolder}, and throws `host_error` while the pool that it is in is away. */
export const reachFolder = async (host: Host, paths: Paths, folder: string): Promise<string> => {
  const real = await realFolder(host, folder);
  if (real === folder) return folder;
  const pool = (await listPools(host, paths)).find(({ path }) => real.startsWith(`${path}/`));
  if (pool === undefined)
    throw new InnkeeperError('host_error', `${real} is in no pool of this host any more`, {
      hint: 'inn pool add makes it one again',
    });
  await requireThere(host, pool);
  return real;
};

/** Makes the folder, and the way to it first: what a kill leaves is found by the way. Repeatable. */
export const makePlace = async (
  host: Host,
  paths: Paths,
  { kind, id, pool }: { readonly kind: PlaceKind; readonly id: string; readonly pool: Pool | undefined },
): Promise<void> => {
  const folder = placeFolder(paths, kind, id);
  await host.files.makeDirectory(layout(paths)[kind], 0o711);
  if (pool === undefined) return host.files.makeDirectory(folder, 0o711);
  const inPool = `${pool.path}/${kind}/${id}`;
  if ((await host.files.facts(folder)) === undefined) await host.run(['ln', '-s', '-T', '--', inPool, folder]);
  if ((await host.files.facts(inPool)) !== undefined) return;
  // Not with what it is in: that is missing where the file system is not mounted.
  await host.run(['mkdir', '-m', '711', '--', inPool]);
};

/** Nothing there is no error. Throws `host_error`, and removes nothing, while its pool is away. Nothing is mounted below. */
export const removePlace = async (host: Host, paths: Paths, folder: string): Promise<void> => {
  const real = await reachFolder(host, paths, folder);
  if (real === folder) return host.files.remove(folder);
  await deleteSubvolumesIn(host, real);
  await host.files.remove(real);
  await host.files.remove(folder);
};
