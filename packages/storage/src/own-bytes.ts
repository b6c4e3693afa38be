import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { containerRootFolder } from './container-root.ts';
import { guestDiskPath } from './disk.ts';
import { sharedInPools } from './pools/shared.ts';

/** One argument vector for as many as these, however long their paths. */
const atOnce = 500;

/** Bytes that trees or files take on the disk, by path: one `du` for all. What is not there is missing. */
export const diskUse = async (
  host: Host,
  paths: readonly string[],
  timeoutMs = 60_000,
): Promise<Map<string, number>> => {
  const found = new Map<string, number>();
  for (let start = 0; start < paths.length; start += atOnce) {
    const some = paths.slice(start, start + atOnce);
    const { stdout } = await host.run(['du', '-sx', '--block-size=1', '--', ...some], { expect: [0, 1], timeoutMs });
    for (const line of stdout.split('\n')) {
      const [, bytes, path] = /^(\d+)\t(.*)$/.exec(line) ?? [];
      if (path !== undefined) found.set(path, Number(bytes));
    }
  }
  return found;
};

const firstOf = (use: ReadonlyMap<string, number>, paths: readonly string[]): number | undefined =>
  paths.map((path) => use.get(path)).find((bytes) => bytes !== undefined);

const byId =
  (pathsOf: (paths: Paths, id: string) => readonly string[]) =>
  async (host: Host, paths: Paths, ids: readonly string[]): Promise<Map<string, OwnBytes>> => {
    const use = await diskUse(
      host,
      ids.flatMap((id) => pathsOf(paths, id)),
    );
    const shared = await sharedInPools(host, paths, [...use.keys()]);
    return new Map(
      ids.flatMap((id): [string, OwnBytes][] => {
        const bytes = firstOf(use, pathsOf(paths, id));
        const also = firstOf(shared, pathsOf(paths, id));
        return bytes === undefined ? [] : [[id, { bytes, ...(also === undefined ? {} : { sharedBytes: also }) }]];
      }),
    );
  };

/** What a guest has of its own, without the shared image. */
export interface OwnBytes {
  readonly bytes: number;
  /** How much of that its snapshots, or clones, have as well; missing where the file system does not tell. */
  readonly sharedBytes?: number;
}

/** Of upper layers, wherever they are in a root's folder. */
export const containerOwnBytes = byId((paths, id) => {
  const folder = containerRootFolder(paths, id);
  return [`${folder}/own/upper`, `${folder}/upper`];
});

/** Of the overlays of disks. */
export const diskOwnBytes = byId((paths, id) => [guestDiskPath(paths, id)]);

/** Bytes that a tree takes on the disk. */
export const treeBytes = async (host: Host, tree: string): Promise<number> =>
  (await diskUse(host, [tree], 600_000)).get(tree) ?? 0;
