import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { containerRootFolder, isRootThere, requireRoot } from './container-root.ts';
import { diskUse } from './own-bytes.ts';
import { reachFolder } from './pools/places.ts';
import { exclusiveBytes } from './pools/shared.ts';
import { programText } from './program.ts';
import {
  busyCode,
  type ListedSnapshot,
  listSnapshotFolder,
  longestMs,
  requireSnapshotId,
  type SnapshotNote,
} from './snapshot-folder.ts';
import { changeSnapshotNote, type SnapshotWords } from './snapshot-note.ts';
import { volumeDirectoryPath, volumesFolder } from './volumes.ts';

const snapshotProgram = programText('root-snapshots.pl');

/** Throws `conflict` when a program that copies layers has found somebody else at work on them. */
export const requireFree = async (running: Promise<{ readonly exitCode: number }>): Promise<void> => {
  if ((await running).exitCode !== busyCode) return;
  throw new InnkeeperError('conflict', 'Something is being copied into or out of the files of this container', {
    hint: 'ask again when inn cp has ended',
  });
};

/** A snapshot of a container: its folder below the container's own is called by `id`, which no user chooses. */
export interface RootSnapshotRef {
  /** Of the container. */
  readonly root: string;
  readonly id: string;
  /** Moments are copies that somebody reads and takes away again: no list has them. */
  readonly among?: 'snapshots' | 'moments';
}

const snapshotsFolder = (paths: Paths, root: string): string => `${containerRootFolder(paths, root)}/snapshots`;

/** A directory of the container, and what it is called within a snapshot. */
interface Tree {
  readonly key: string;
  readonly path: string;
}

/** The upper layer, or the subvolume that it is in, also while that is being exchanged. */
const ownTree = async (host: Host, paths: Paths, root: string): Promise<Tree> => {
  const folder = containerRootFolder(paths, root);
  const own = `${folder}/own`;
  const facts = (await host.files.facts(own)) ?? (await host.files.facts(`${own}.old`));
  return facts === undefined ? { key: 'upper', path: `${folder}/upper` } : { key: 'own', path: own };
};

/** Volumes have words as names: what has a dot is on its way. */
const volumeTrees = async (host: Host, paths: Paths, root: string, folder: string): Promise<Tree[]> =>
  (await host.files.list(folder))
    .filter((name) => !name.includes('.'))
    .sort()
    .map((name) => ({ key: `volumes/${name}`, path: volumeDirectoryPath(paths, root, name) }));

const treesNow = async (host: Host, paths: Paths, root: string): Promise<Tree[]> => [
  await ownTree(host, paths, root),
  ...(await volumeTrees(host, paths, root, volumesFolder(paths, root))),
];

const treesOf = async (host: Host, paths: Paths, { root, id }: RootSnapshotRef): Promise<Tree[]> => [
  await ownTree(host, paths, root),
  ...(await volumeTrees(host, paths, root, `${snapshotsFolder(paths, root)}/${id}/volumes`)),
];

const perform = async (
  host: Host,
  paths: Paths,
  { root, id, among = 'snapshots' }: RootSnapshotRef,
  action: 'copy' | 'keep' | 'swap' | 'back' | 'clear' | 'remove',
  { trees = [], input = '' }: { readonly trees?: readonly Tree[]; readonly input?: string } = {},
): Promise<void> => {
  requireSnapshotId(id);
  const words = trees.flatMap(({ key, path }) => [key, path]);
  const argv = [
    'perl',
    '-e',
    await snapshotProgram(),
    containerRootFolder(paths, root),
    `${among}/${id}`,
    action,
    ...words,
  ];
  await requireFree(host.run(argv, { input, timeoutMs: longestMs, expect: [0, busyCode] }));
};

const requireSnapshot = async (host: Host, paths: Paths, { root, id }: RootSnapshotRef): Promise<void> => {
  requireSnapshotId(id);
  if ((await host.files.facts(`${snapshotsFolder(paths, root)}/${id}`)) !== undefined) return;
  throw new InnkeeperError('not_found', `The snapshot ${id} is not on this host`);
};

const treesHeld = async (host: Host, paths: Paths, root: string, id: string | undefined): Promise<Tree[]> => {
  if (id === undefined) return treesNow(host, paths, root);
  await requireSnapshot(host, paths, { root, id });
  const folder = `${snapshotsFolder(paths, root)}/${id}`;
  return (await treesOf(host, paths, { root, id })).map(({ key }) => ({ key, path: `${folder}/${key}` }));
};

/** What a container holds now, or held: each directory where it lies. Throws `not_found` without such a root or snapshot. */
export const heldTrees = async (host: Host, paths: Paths, root: string, id: string | undefined): Promise<Tree[]> => {
  await requireRoot(host, paths, root);
  const trees = await treesHeld(host, paths, root, id);
  return trees.map(({ key, path }) => (key === 'own' ? { key: 'upper', path: `${path}/upper` } : { key, path }));
};

/** Has what a container wrote until now on the disk, so that less is left to do while it is frozen. */
export const flushRoot = async (host: Host, paths: Paths, root: string): Promise<void> =>
  void (await host.run(['sync', '--file-system', '--', (await ownTree(host, paths, root)).path], {
    timeoutMs: longestMs,
  }));

/**
 * Copies what the container has of its own; nobody writes into it meanwhile. Half of a snapshot until it is kept. Throws
 * `not_found` without such a root, `conflict` while {@link runOnRoot} is at work. Repeated after `keep` it changes nothing.
 */
export const copyRootSnapshot = async (
  host: Host,
  paths: Paths,
  ref: RootSnapshotRef,
  note: SnapshotNote,
): Promise<void> => {
  await requireRoot(host, paths, ref.root);
  const trees = await treesNow(host, paths, ref.root);
  await perform(host, paths, ref, 'copy', { trees, input: `${JSON.stringify(note)}\n` });
};

/** The note of a snapshot that is there says another name or description. Throws `not_found` without such a snapshot. */
export const changeRootSnapshotNote = async (
  host: Host,
  paths: Paths,
  { root, id }: RootSnapshotRef,
  words: SnapshotWords,
): Promise<void> => {
  requireSnapshotId(id);
  await reachFolder(host, paths, containerRootFolder(paths, root));
  return changeSnapshotNote(host, `${snapshotsFolder(paths, root)}/${id}/snapshot.json`, words);
};

/** From here on it is there, also after a power cut. */
export const keepRootSnapshot = (host: Host, paths: Paths, ref: RootSnapshotRef): Promise<void> =>
  perform(host, paths, ref, 'keep');

/** Whole or half; nothing there, not even the root, is no error. */
export const removeRootSnapshot = async (host: Host, paths: Paths, ref: RootSnapshotRef): Promise<void> => {
  if (await isRootThere(host, paths, ref.root)) await perform(host, paths, ref, 'remove');
};

/**
 * The container, which does not run, has again what it had; what it had until now is kept beside it. Volumes that came later
 * stay as they are. Throws `not_found` without such a snapshot.
 */
export const swapRootSnapshot = async (host: Host, paths: Paths, ref: RootSnapshotRef): Promise<void> => {
  await requireRoot(host, paths, ref.root);
  await requireSnapshot(host, paths, ref);
  await perform(host, paths, ref, 'swap', { trees: await treesOf(host, paths, ref) });
};

/** Whether a container has its way back from {@link swapRootSnapshot} beside it; the upper layer goes first and comes back last. */
export const isRootSwapped = async (host: Host, paths: Paths, root: string): Promise<boolean> =>
  (await host.files.facts(`${(await ownTree(host, paths, root)).path}.old`)) !== undefined;

/** Takes {@link swapRootSnapshot} back, however far it came; nothing to take back is no error. */
export const swapBackRoot = async (host: Host, paths: Paths, ref: RootSnapshotRef): Promise<void> => {
  if (!(await isRootThere(host, paths, ref.root))) return;
  await perform(host, paths, ref, 'back', { trees: await treesOf(host, paths, ref) });
};

/** What was kept by {@link swapRootSnapshot} goes, and with it the way back. */
export const clearSwappedRoot = async (host: Host, paths: Paths, ref: RootSnapshotRef): Promise<void> => {
  await reachFolder(host, paths, containerRootFolder(paths, ref.root));
  await perform(host, paths, ref, 'clear', { trees: await treesOf(host, paths, ref) });
};

/** Those that are whole, with their notes and the bytes that they take: of subvolumes what nothing else has. */
export const listRootSnapshots = async (host: Host, paths: Paths, root: string): Promise<readonly ListedSnapshot[]> => {
  await reachFolder(host, paths, containerRootFolder(paths, root));
  const { key } = await ownTree(host, paths, root);
  return listSnapshotFolder(host, snapshotsFolder(paths, root), key === 'own' ? exclusiveBytes : diskUse);
};
