import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { listPools } from './pool.ts';
import { isBtrfs } from './subvolumes.ts';

/** One argument vector for as many as these, however long their paths. */
const atOnce = 500;

interface Use {
  readonly total: number;
  /** That nothing else on the file system has a part in. */
  readonly exclusive: number;
}

/** `Total Exclusive Set-shared Path` after a line of titles. [btrfs-filesystem(8)] */
export const parseUse = (text: string): Map<string, Use> =>
  new Map(
    text.split('\n').flatMap((line): [string, Use][] => {
      const [, total, exclusive, path] = /^\s*(\d+)\s+(\d+)\s+(?:\d+|-)\s+(.*)$/.exec(line) ?? [];
      return path === undefined ? [] : [[path, { total: Number(total), exclusive: Number(exclusive) }]];
    }),
  );

/** What trees or files on btrfs take, subvolumes in them too. What is not there is missing. */
const useOf = async (host: Host, paths: readonly string[]): Promise<Map<string, Use>> => {
  const found = new Map<string, Use>();
  for (let start = 0; start < paths.length; start += atOnce) {
    const some = paths.slice(start, start + atOnce);
    const { stdout } = await host.run(['btrfs', 'filesystem', 'du', '-s', '--raw', '--', ...some], { expect: [0, 1] });
    for (const [path, use] of parseUse(stdout)) found.set(path, use);
  }
  return found;
};

const each = (use: ReadonlyMap<string, Use>, of: (one: Use) => number): Map<string, number> =>
  new Map([...use].map(([path, one]) => [path, of(one)]));

/** Bytes that would be free again without it, by path. */
export const exclusiveBytes = async (host: Host, paths: readonly string[]): Promise<Map<string, number>> =>
  each(await useOf(host, paths), ({ exclusive }) => exclusive);

/** Those pools of a host that are there and on btrfs, by their paths. */
const btrfsPools = async (host: Host, paths: Paths): Promise<string[]> => {
  const found = [];
  for (const { path } of await listPools(host, paths))
    if ((await isBtrfs(host, path).catch(() => false)) === true) found.push(path);
  return found;
};

/** Bytes of each that something else has as well, such as snapshots and clones; of those alone that are in a pool on btrfs. */
export const sharedInPools = async (
  host: Host,
  paths: Paths,
  asked: readonly string[],
): Promise<Map<string, number>> => {
  const pools = asked.length === 0 ? [] : await btrfsPools(host, paths);
  if (pools.length === 0) return new Map();
  const { stdout } = await host.run(['realpath', '-z', '--', ...asked], { expect: [0, 1] });
  const real = stdout.split('\0');
  const byPath = new Map(asked.map((path, at) => [path, real[at] ?? '']));
  const there = [...byPath.values()].filter((path) => pools.some((pool) => path.startsWith(`${pool}/`)));
  const use = there.length === 0 ? new Map<string, Use>() : await useOf(host, there);
  return new Map(
    [...byPath].flatMap(([path, at]): [string, number][] => {
      const one = use.get(at);
      return one === undefined ? [] : [[path, one.total - one.exclusive]];
    }),
  );
};
