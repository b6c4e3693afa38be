import type { Host } from '@innkeeper/host';
import { type Paths, uidRangeSize } from '@innkeeper/model';
import { containerRootFolder, destroyContainerRoot } from './container-root.ts';
import { layout } from './layout.ts';
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
}

/** What is copied, and where it comes to. Throws `not_found` without such a root or snapshot. */
const copiesOf = async (host: Host, paths: Paths, { from, to, snapshot }: RootCopy): Promise<string[]> => {
  const trees = await heldTrees(host, paths, from, snapshot);
  return trees.flatMap(({ key, path }) => [
    path,
    key === 'upper' ? `${containerRootFolder(paths, to)}/upper` : `${volumesFolder(paths, to)}/${key.split('/')[1]}`,
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
  const copies = await copiesOf(host, paths, copy);
  const folder = containerRootFolder(paths, copy.to);
  await host.files.makeDirectory(folder, 0o711);
  // It may be mounted by now, and read-only.
  if ((await host.files.facts(`${folder}/root.json`)) !== undefined) return;
  for (const name of ['lower', 'work', 'root']) await host.files.makeDirectory(`${folder}/${name}`, 0o755);
  if (copies.length > 2) {
    await host.files.makeDirectory(layout(paths).volumes, 0o711);
    await host.files.makeDirectory(volumesFolder(paths, copy.to), 0o711);
  }
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
