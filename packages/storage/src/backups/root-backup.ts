import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths, uidRangeSize } from '@innkeeper/model';
import { containerRootFolder, destroyContainerRoot } from '../container-root.ts';
import { layout } from '../layout.ts';
import { programText } from '../program.ts';
import { copyRootSnapshot, keepRootSnapshot, removeRootSnapshot } from '../root-snapshots.ts';
import { longestMs } from '../snapshot-folder.ts';
import { destroyVolumes, volumesFolder } from '../volumes.ts';
import { ensureImageTree, removeComingTree } from './image.ts';

const shiftedProgram = programText('shifted.pl');

/** Directories that a program sees in its working directory, with the ids that the container itself has. */
export interface ShiftedView {
  /** A program that runs another, which follows these words. */
  readonly words: readonly string[];
  /** What it sees there. */
  readonly entries: readonly string[];
}

interface Tree {
  readonly key: string;
  readonly path: string;
}

const viewOf = async (
  folder: string,
  trees: readonly Tree[],
  { uidStart, access }: { readonly uidStart: number; readonly access: 'read' | 'write' },
): Promise<ShiftedView> => ({
  words: [
    ...['perl', '-e', await shiftedProgram(), folder, String(uidRangeSize), String(uidStart), access],
    ...trees.flatMap(({ key, path }) => [key, path]),
    '--',
  ],
  entries: trees.map(({ key }) => key),
});

const momentsFolder = (paths: Paths, root: string): string => `${containerRootFolder(paths, root)}/moments`;
const momentOf = (root: string, id: string) => ({ root, id, among: 'moments' }) as const;

/** Copies what a container holds; nobody writes into it meanwhile. A copy that somebody reads and takes away again. */
export const copyMoment = (host: Host, paths: Paths, root: string, id: string): Promise<void> =>
  copyRootSnapshot(host, paths, momentOf(root, id), { id });

/** From here on it is there, also after a power cut. */
export const keepMoment = (host: Host, paths: Paths, root: string, id: string): Promise<void> =>
  keepRootSnapshot(host, paths, momentOf(root, id));

/** Whole or half; nothing there is no error. */
export const removeMoment = async (host: Host, paths: Paths, root: string, id: string): Promise<void> => {
  await removeRootSnapshot(host, paths, momentOf(root, id));
  const folder = momentsFolder(paths, root);
  if ((await host.files.facts(folder)) !== undefined && (await host.files.list(folder)).length === 0)
    await host.files.remove(folder);
};

/** Names of the volumes that are in a copy. */
export const volumesOfMoment = async (host: Host, paths: Paths, root: string, id: string): Promise<readonly string[]> =>
  (await host.files.list(`${momentsFolder(paths, root)}/${id}/volumes`)).sort();

/** A copy that is whole, as a program reads it, with a text beside it. Throws `not_found` without one. */
export const viewMoment = async (
  host: Host,
  paths: Paths,
  {
    root,
    id,
    beside,
  }: { readonly root: string; readonly id: string; readonly beside: Readonly<Record<string, string>> },
): Promise<ShiftedView> => {
  const folder = `${momentsFolder(paths, root)}/${id}`;
  if ((await host.files.facts(`${folder}/upper`)) === undefined)
    throw new InnkeeperError('not_found', `The copy of what the container ${root} held is not on this host`);
  const record = await host.files.readText(`${containerRootFolder(paths, root)}/root.json`);
  const { uidStart } = JSON.parse(record) as { readonly uidStart: number };
  const volumes = await volumesOfMoment(host, paths, root, id);
  const trees = ['upper', ...volumes.map((name) => `volumes/${name}`)].map((key) => ({
    key,
    path: `${folder}/${key}`,
  }));
  for (const [name, text] of Object.entries(beside)) await host.files.write(`${folder}/${name}`, text, 0o600);
  const view = await viewOf(folder, trees, { uidStart, access: 'read' });
  return {
    words: view.words,
    entries: [...Object.keys(beside), 'upper', ...(volumes.length === 0 ? [] : ['volumes'])],
  };
};

/** A root that is to be made of what another one held, on this host or another, when it was backed up. */
export interface ReceivedRoot {
  readonly id: string;
  readonly uidStart: number;
  /** Names of its volumes. */
  readonly volumes: readonly string[];
  /** {@link HeldImage.identity} */
  readonly image: string;
}

/** Bring what is to be where a program finds it. */
export interface Bringing {
  readonly image: (folder: string) => Promise<void>;
  readonly held: (view: ShiftedView) => Promise<void>;
}

const receivedTrees = (paths: Paths, { id, volumes }: ReceivedRoot): readonly (Tree & { readonly to: string })[] => [
  { key: 'upper', path: `${containerRootFolder(paths, id)}/upper.new`, to: `${containerRootFolder(paths, id)}/upper` },
  ...volumes.map((name) => {
    const to = `${volumesFolder(paths, id)}/${name}`;
    return { key: `volumes/${name}`, path: `${to}.new`, to };
  }),
];

/** The folder in which nothing stays: what is brought lands in directories that are put there for the one who brings it. */
const receivedFolder = (paths: Paths, id: string): string => `${containerRootFolder(paths, id)}/received`;

const emptyPlaces = async (host: Host, paths: Paths, root: ReceivedRoot): Promise<void> => {
  const folder = containerRootFolder(paths, root.id);
  const received = receivedFolder(paths, root.id);
  for (const made of [layout(paths).roots, folder]) await host.files.makeDirectory(made, 0o711);
  for (const name of ['lower', 'work', 'root']) await host.files.makeDirectory(`${folder}/${name}`, 0o755);
  await host.files.remove(received);
  await host.files.makeDirectory(received, 0o700);
  if (root.volumes.length > 0) {
    for (const made of [layout(paths).volumes, volumesFolder(paths, root.id)])
      await host.files.makeDirectory(made, 0o711);
    await host.files.makeDirectory(`${received}/volumes`, 0o700);
  }
  for (const { key, path, to } of receivedTrees(paths, root)) {
    await host.files.remove(to);
    await host.files.remove(path);
    await host.files.makeDirectory(path, 0o700);
    await host.files.makeDirectory(`${received}/${key}`, 0o700);
  }
};

/**
 * Makes the layers and volumes of a root, and its image where the host does not have it. Repeated it begins anew until all is there, and
 * changes nothing then.
 */
export const receiveRoot = async (host: Host, paths: Paths, root: ReceivedRoot, bring: Bringing): Promise<void> => {
  const folder = containerRootFolder(paths, root.id);
  if ((await host.files.facts(`${folder}/root.json`)) !== undefined) return;
  await emptyPlaces(host, paths, root);
  // From now on a tree of this identity is not taken away as one that nobody stands on.
  await host.files.write(`${folder}/lower.json`, `${JSON.stringify({ lower: root.image })}\n`);
  const lower = await ensureImageTree(host, paths, { root: root.id, identity: root.image }, bring.image);
  const trees = receivedTrees(paths, root);
  await bring.held(await viewOf(receivedFolder(paths, root.id), trees, { uidStart: root.uidStart, access: 'write' }));
  await host.files.remove(receivedFolder(paths, root.id));
  for (const { path, to } of trees) await host.files.rename(path, to);
  for (const { to } of trees) await host.run(['sync', '--file-system', '--', to], { timeoutMs: longestMs });
  await host.files.write(`${folder}/root.json`, `${JSON.stringify({ lower, uidStart: root.uidStart })}\n`);
  await host.files.remove(`${folder}/lower.json`);
};

/** Whole or half; nothing there is no error. */
export const removeReceivedRoot = async (host: Host, paths: Paths, id: string): Promise<void> => {
  await removeComingTree(host, paths, id);
  await destroyContainerRoot(host, paths, id);
  await destroyVolumes(host, paths, id);
};
