import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { archiveOf, type HeldReader } from './held-archive.ts';
import { type FoundFile, findHeld, type HeldFile, type HeldGuest, listHeld, type ReadTree } from './held-files.ts';
import { type HeldNode, heldNodes } from './held-node.ts';
import type { SentRecord } from './repository.ts';
import { type Repository, readRestic, runRestic } from './restic.ts';
import { bytesOf, textOf } from './tar.ts';

/** What a guest held, as a repository has it. */
export interface HeldParts {
  readonly held: SentRecord;
  readonly image: SentRecord;
  /** By name, and where the guest saw each. */
  readonly volumes: readonly { readonly name: string; readonly place: string }[];
}

/** A file, for people. */
export interface ShownFile extends Pick<HeldNode, 'kind' | 'mode' | 'uid' | 'gid' | 'size' | 'modified'> {
  readonly name: string;
  /** Of a link. */
  readonly target?: string;
}

/** Files of a backup, as the guest saw them. Paths begin with a slash. */
export interface HeldFiles {
  /** What is in a folder, by name; of anything else that itself. Throws `not_found`. */
  list(path: string): Promise<readonly ShownFile[]>;
  /** A tar of a file, or a folder with all below, called by the last part of the path. Throws `not_found`. */
  archive(path: string): Promise<AsyncIterable<Buffer>>;
}

const shown = ({ node: { name, kind, mode, uid, gid, size, modified, target } }: HeldFile): ShownFile => ({
  ...{ name: textOf(name), kind, mode, uid, gid, size, modified },
  ...(target === undefined ? {} : { target: textOf(target) }),
});

const folderIn = (nodes: readonly HeldNode[], { snapshot }: SentRecord, path: string): HeldFile => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const node = nodes.find((one) => one.name === name);
  if (node?.tree === undefined)
    throw new InnkeeperError('host_error', `The backup has no ${path.slice(1)}: it is damaged, or of a later version`);
  return { node, at: { snapshot, path }, layers: [{ snapshot, path, tree: node.tree }] };
};

const guestOf = async (read: ReadTree, { held, image, volumes }: HeldParts): Promise<HeldGuest> => {
  const [own, below] = await Promise.all([read(held.tree), read(image.tree)]);
  const upper = folderIn(own, held, '/upper');
  const rootfs = folderIn(below, image, '/rootfs');
  const root = { ...upper, layers: [...upper.layers, ...(upper.node.opaque ? [] : rootfs.layers)] };
  if (volumes.length === 0) return { root, volumes: [] };
  const beside = await read(folderIn(own, held, '/volumes').layers[0]?.tree ?? '');
  return {
    root,
    volumes: volumes.map(({ name, place }) => ({
      ...folderIn(beside, held, `/volumes/${name}`),
      place: bytesOf(place),
    })),
  };
};

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
  if (rest !== '') yield rest;
}

/**
 * Looks into what was sent, as one file system: what the container had changed and deleted of its image, the image below it, and volumes at
 * their places. Nothing is brought back for it, and nothing of a path is a pattern to anybody.
 */
export const openHeld = async (
  host: Host,
  paths: Paths,
  repository: Repository,
  parts: HeldParts,
): Promise<HeldFiles> => {
  const trees = new Map<string, Promise<readonly HeldNode[]>>();
  const ask = async (tree: string): Promise<readonly HeldNode[]> =>
    heldNodes((await runRestic(host, paths, repository, ['cat', '--no-lock', 'blob', tree])).stdout);
  const read: ReadTree = (tree) => {
    const known = trees.get(tree) ?? ask(tree);
    trees.set(tree, known);
    return known;
  };
  const reader: HeldReader = {
    dump: (snapshot, path) =>
      readRestic(host, paths, repository, ['dump', '--no-lock', '--archive', 'tar', '--', snapshot, path]),
    list: (snapshot, path) =>
      linesOf(readRestic(host, paths, repository, ['ls', '--no-lock', '--json', '--recursive', '--', snapshot, path])),
  };
  const guest = await guestOf(read, parts);
  const find = (path: string): Promise<FoundFile> => findHeld(read, guest, path);
  return {
    list: async (path) => {
      const found = await find(path);
      const files = found.node.kind === 'folder' ? [...(await listHeld(read, guest, found)).values()] : [found];
      return files.map(shown).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    archive: async (path) => {
      const found = await find(path);
      const name = bytesOf(path.replace(/\/+$/, '')).split('/').at(-1) ?? '';
      return archiveOf(reader, guest, { found, name });
    },
  };
};
