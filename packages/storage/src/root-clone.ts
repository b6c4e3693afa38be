import type { Host } from '@innkeeper/host';
import { type Paths, uidRangeSize } from '@innkeeper/model';
import {
  containerRootFolder,
  destroyContainerRoot,
  isRootThere,
  layersFolder,
  makeRootFolder,
} from './container-root.ts';
import { makePlace } from './pools/places.ts';
import { poolFor } from './pools/pool.ts';
import { programText } from './program.ts';
import { heldTrees, requireFree } from './root-snapshots.ts';
import { busyCode, longestMs } from './snapshot-folder.ts';
import { destroyVolumes, volumesFolder } from './volumes.ts';

const cloneProgram = programText('root-clone.pl');

/** A container's root that begins with what another of the same host holds, or held when a snapshot of it was made. */
export interface RootCopy {
  /** Ids of the containers. */
  readonly from: string;
  readonly to: string;
  /** Undefined: what it holds now. */
  readonly snapshot: string | undefined;
  /** First host id of the new one's range. */
  readonly uidStart: number;
  /** The pool that the new one is to stand in, and the most that it may hold of its own there. */
  readonly pool?: string | undefined;
  readonly limitBytes?: number | undefined;
}

/** What is copied, and where it comes to. Throws `not_found` without such a root or snapshot. */
const copiesOf = async (host: Host, paths: Paths, { from, to, snapshot }: RootCopy): Promise<string[]> => {
  const trees = await heldTrees(host, paths, from, snapshot);
  const layers = await layersFolder(host, containerRootFolder(paths, to));
  return trees.flatMap(({ key, path }) => [
    path,
    key === 'upper' ? `${layers}/upper` : `${volumesFolder(paths, to)}/${key.split('/')[1]}`,
  ]);
};

const perform = async (
  host: Host,
  paths: Paths,
  { from, to, uidStart }: RootCopy,
  action: 'copy' | 'still' | 'keep',
  copies: readonly string[],
): Promise<void> => {
  const [folder, made] = [containerRootFolder(paths, from), containerRootFolder(paths, to)];
  const words = [folder, made, action, String(uidRangeSize), String(uidStart), ...copies];
  await requireFree(
    host.run(['perl', '-e', await cloneProgram(), ...words], { timeoutMs: longestMs, expect: [0, busyCode] }),
  );
};

/**
 * Makes the layers of the new root and its volumes. Of what a container holds now, nobody writes into it meanwhile; without
 * {@link keepRootCopy} nothing stands on it. Repeated it begins anew. Throws `conflict` while {@link runOnRoot} is at work on it.
 */
export const copyRoot = async (host: Host, paths: Paths, copy: RootCopy): Promise<void> => {
  const { from, to: id, snapshot } = copy;
  const trees = await heldTrees(host, paths, from, snapshot);
  // It may be mounted by now, and read-only.
  if (await isRootThere(host, paths, id)) return;
  await makeRootFolder(host, paths, { id, pool: copy.pool, limitBytes: copy.limitBytes });
  if (trees.length > 1)
    await makePlace(host, paths, { kind: 'volumes', id, pool: await poolFor(host, paths, copy.pool) });
  const copies = await copiesOf(host, paths, copy);
  await perform(host, paths, copy, copy.snapshot === undefined ? 'copy' : 'still', copies);
};

/** It is on the disk, and can be mounted: over the same image as the other, whatever a later version would build. */
export const keepRootCopy = async (host: Host, paths: Paths, copy: RootCopy): Promise<void> =>
  perform(host, paths, copy, 'keep', await copiesOf(host, paths, copy));

/** Whole or half; whoever still copies is waited for. Nothing there is no error. */
export const removeRootCopy = async (host: Host, paths: Paths, { from, to }: RootCopy): Promise<void> => {
  const lock = `${containerRootFolder(paths, from)}/root.json`;
  if ((await host.files.facts(lock)) !== undefined)
    await host.run(['flock', '--', lock, 'true'], { timeoutMs: longestMs });
  await destroyContainerRoot(host, paths, to);
  await destroyVolumes(host, paths, to);
};
