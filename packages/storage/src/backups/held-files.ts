import { InnkeeperError } from '@innkeeper/model';
import type { HeldNode } from './held-node.ts';
import { bytesOf, textOf } from './tar.ts';

/** A folder in a repository. Several are one, as an overlay has it: the uppermost first. */
export interface HeldLayer {
  readonly snapshot: string;
  /** In that snapshot; bytes, each a character. */
  readonly path: string;
  readonly tree: string;
}

/** A file as the guest saw it. */
export interface HeldFile {
  readonly node: HeldNode;
  /** Of a folder: what it is made of. */
  readonly layers: readonly HeldLayer[];
  /** Where it was found: in this snapshot. */
  readonly at?: Pick<HeldLayer, 'snapshot' | 'path'> | undefined;
}

/** A file and where the guest saw it, without links on the way; bytes, each a character, and empty for the root. */
export interface FoundFile extends HeldFile {
  readonly path: string;
}

/** A volume, and where the guest saw it. */
export interface HeldVolume extends HeldFile {
  readonly place: string;
}

/** What a guest is made of in a repository. */
export interface HeldGuest {
  readonly root: HeldFile;
  readonly volumes: readonly HeldVolume[];
}

/** What is in a folder of a repository, by what restic calls it. */
export type ReadTree = (tree: string) => Promise<readonly HeldNode[]>;

/** As many as Linux follows. [path_resolution(7)] */
const mostLinks = 40;

interface Merged {
  readonly node: HeldNode;
  readonly at: HeldFile['at'];
  readonly layers: HeldLayer[];
  /** Whether what lies below shows in it. */
  open: boolean;
}

const merge = (layers: readonly HeldLayer[], lists: readonly (readonly HeldNode[])[]): Map<string, Merged> => {
  const found = new Map<string, Merged>();
  for (const [position, layer] of layers.entries())
    for (const node of lists[position] ?? []) {
      const { snapshot } = layer;
      const path = `${layer.path}/${node.name}`;
      const own = node.tree === undefined ? [] : [{ snapshot, path, tree: node.tree }];
      const open = node.kind === 'folder' && !node.opaque;
      const above = found.get(node.name);
      if (above === undefined) found.set(node.name, { node, at: { snapshot, path }, layers: own, open });
      else if (above.open) {
        above.layers.push(...own);
        above.open = open;
      }
    }
  for (const [name, { node }] of found) if (node.whiteout) found.delete(name);
  return found;
};

/** A folder that is there since something is mounted below. */
const bareFolder = (name: string): HeldFile => ({
  node: {
    ...{ name, kind: 'folder', mode: 0o755, uid: 0, gid: 0, size: 0, modified: 0 },
    ...{ opaque: false, whiteout: false },
  },
  layers: [],
});

/** Whether a path is below a folder. */
export const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

/** What a folder shows, by name, as the guest saw it. */
export const listHeld = async (
  read: ReadTree,
  { volumes }: HeldGuest,
  { path, layers }: FoundFile,
): Promise<Map<string, HeldFile>> => {
  const lists = await Promise.all(layers.map(({ tree }) => read(tree)));
  const found = new Map<string, HeldFile>(merge(layers, lists));
  for (const { place, ...volume } of volumes) {
    if (!isBelow(place, path)) continue;
    const rest = place.slice(path.length + 1).split('/');
    const [name = ''] = rest;
    if (rest.length === 1) found.set(name, { ...volume, node: { ...volume.node, name } });
    else if (found.get(name)?.node.kind !== 'folder') found.set(name, bareFolder(name));
  }
  return found;
};

/**
 * The file at a path as the guest saw it. Links on the way are followed within the guest; one at the end is itself, unless the path ends in
 * a slash, which only folders do. Throws `not_found`.
 */
export const findHeld = async (read: ReadTree, guest: HeldGuest, path: string): Promise<FoundFile> => {
  const start: FoundFile = { ...guest.root, path: '' };
  const missing = (what: string): InnkeeperError =>
    new InnkeeperError('not_found', `path: there is no ${path.slice(0, 200)} in it: ${what}`, {
      hint: 'inn backup files BACKUP PATH lists what there is',
    });
  const words = bytesOf(path).split('/').reverse();
  let trail: FoundFile[] = [start];
  let links = 0;
  for (let word = words.pop(); word !== undefined; word = words.pop()) {
    const here = trail.at(-1) ?? start;
    if (here.node.kind !== 'folder') throw missing(`${textOf(here.path)} is no folder`);
    if (word === '' || word === '.') continue;
    if (word === '..') {
      if (trail.length > 1) trail = trail.slice(0, -1);
      continue;
    }
    const file = (await listHeld(read, guest, here)).get(word);
    if (file === undefined) throw missing(`${textOf(here.path) || '/'} has no ${textOf(word)}`);
    if (file.node.kind === 'link' && words.length > 0) {
      links += 1;
      if (links > mostLinks) throw missing('its links lead nowhere');
      const { target = '' } = file.node;
      if (target.startsWith('/')) trail = [start];
      words.push(...target.split('/').reverse());
    } else trail = [...trail, { ...file, path: `${here.path}/${word}` }];
  }
  return trail.at(-1) ?? start;
};
