import type { Host } from '@innkeeper/host';
import { defaultPool, isDiskFull, messageChain, type Paths, type PoolKind, type PoolReport } from '@innkeeper/model';
import { programText } from '../program.ts';
import { listPools, type Pool, whyAway } from './pool.ts';

const probeProgram = programText('pool-probe.pl');

type Found = Pick<PoolReport, 'fileSystem' | 'sharesData' | 'limits'> & { readonly kind: PoolKind };

const limitsOf = (kind: string, fileSystem: string, limits: boolean): NonNullable<PoolReport['limits']> => {
  if (limits) return { value: true, evidence: 'quotas of btrfs, tried' };
  return kind === 'btrfs'
    ? { value: false, evidence: 'quotas of btrfs are off (btrfs quota enable)' }
    : { value: false, evidence: `a directory on ${fileSystem} has no quota` };
};

/** What the program found, in the words of reports. `own`: whether it is Innkeeper's alone. */
export const foundOf = (text: string, own: boolean): Found => {
  const words = text.split('\n').map((line) => line.split(' '));
  const has = (what: string): boolean => words.some(([word]) => word === what);
  const fileSystem = words.find(([word]) => word === 'fileSystem')?.[1] ?? 'unknown';
  // statfs tells ext2, ext3 and ext4 by one number.
  const name = fileSystem === 'ext2/ext3' ? 'ext4' : fileSystem;
  const kind = own && has('subvolumes') ? 'btrfs' : 'dir';
  return { kind, fileSystem: name, sharesData: has('shares'), limits: limitsOf(kind, name, own && has('limits')) };
};

/** Tries what the file system of a pool can do. Throws what the program says when nothing can be written there. */
const tryPool = async (host: Host, path: string, own: boolean): Promise<Found> =>
  foundOf((await host.run(['perl', '-e', await probeProgram(), path])).stdout, own);

const reportOf = async (host: Host, pool: Pool): Promise<PoolReport> => {
  const { name, path } = pool;
  const away = await whyAway(host, pool);
  if (away !== undefined) return { name, path, away };
  const { free, total } = await host.files.space(path);
  const base = { name, path, freeBytes: free, totalBytes: total };
  try {
    return { ...base, ...(await tryPool(host, path, true)) };
  } catch (error) {
    const why = messageChain(error).join(': ');
    // Of one that is full nothing can be tried.
    return isDiskFull(why) ? base : { name, path, away: why };
  }
};

/** The state directory first, then those that were added. */
export const reportPools = async (host: Host, paths: Paths): Promise<PoolReport[]> => {
  // Of a host on which nothing was made yet nothing can be told.
  if ((await host.files.facts(paths.state)) === undefined) return [];
  const { free, total } = await host.files.space(paths.state);
  const state = { name: defaultPool, path: paths.state, freeBytes: free, totalBytes: total };
  const found = await tryPool(host, paths.state, false).catch((): Found => ({ kind: 'dir' }));
  const others = await Promise.all((await listPools(host, paths)).map((pool) => reportOf(host, pool)));
  return [{ ...state, ...found }, ...others];
};

/** Whether what containers have of their own is in subvolumes here. */
export const usesSubvolumes = async (host: Host, pool: Pool | undefined): Promise<boolean> =>
  pool !== undefined && (await tryPool(host, pool.path, true)).kind === 'btrfs';
