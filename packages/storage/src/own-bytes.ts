import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { containerRootFolder } from './container-root.ts';
import { guestDiskPath } from './disk.ts';

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

const byId =
  (pathOf: (paths: Paths, id: string) => string) =>
  async (host: Host, paths: Paths, ids: readonly string[]): Promise<Map<string, number>> => {
    const use = await diskUse(
      host,
      ids.map((id) => pathOf(paths, id)),
    );
    return new Map(
      ids.flatMap((id): [string, number][] => {
        const bytes = use.get(pathOf(paths, id));
        return bytes === undefined ? [] : [[id, bytes]];
      }),
    );
  };

/** Bytes of the upper layers: what containers have of their own, without the shared image. */
export const containerOwnBytes = byId((paths, id) => `${containerRootFolder(paths, id)}/upper`);

/** Bytes that the overlays of disks take. */
export const diskOwnBytes = byId(guestDiskPath);

/** Bytes that a tree takes on the disk. */
export const treeBytes = async (host: Host, tree: string): Promise<number> =>
  (await diskUse(host, [tree], 600_000)).get(tree) ?? 0;
