import { InnkeeperError } from '@innkeeper/model';
import { type FoundFile, type HeldFile, type HeldGuest, type HeldLayer, isBelow } from './held-files.ts';
import type { HeldNode } from './held-node.ts';
import { bytesOf, readTar, type TarEntry, tarEnd, tarHeader, tarPadding, textOf } from './tar.ts';

/** What a repository gives of a snapshot; paths are those in it. */
export interface HeldReader {
  /** The bytes of a file, or a folder's archive. Throws at its end where it is not whole. */
  readonly dump: (snapshot: string, path: string) => AsyncIterable<Buffer>;
  /** Lines of JSON, one for each file in a folder and below. */
  readonly list: (snapshot: string, path: string) => AsyncIterable<string>;
}

type Named = Pick<TarEntry, 'mode' | 'uid' | 'gid' | 'modified' | 'target' | 'size'>;

/** What of a file an archive says. Attributes of the host's file system are not for others. */
const named = ({ mode, uid, gid, modified, target, size }: Named): Named => ({
  ...{ mode, uid, gid, modified, size },
  ...(target === undefined ? {} : { target }),
});

async function* withBody(header: Buffer, size: number, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield header;
  let given = 0;
  for await (const chunk of body) {
    given += chunk.length;
    yield chunk;
  }
  if (given !== size) throw new InnkeeperError('host_error', 'The repository holds another size than it says');
  yield tarPadding(size);
}

const headerOf = (path: string, { kind, ...rest }: Pick<HeldNode, 'kind'> & Named): Buffer =>
  tarHeader({ path, kind, ...named(rest) });

/** What hides the same path, and all below, in the layers under it; and folders that are written already. */
interface Above {
  readonly solid: Set<string>;
  readonly folders: Set<string>;
}

const isHidden = (path: string, solid: ReadonlySet<string>): boolean => {
  if (solid.size === 0) return false;
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
    if (solid.has(path.slice(0, end))) return true;
  return false;
};

const lineOf = (line: string): { readonly type: string; readonly path: string } | undefined => {
  const { struct_type: kind, type, path } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  return kind === 'node' && typeof type === 'string' && typeof path === 'string' ? { type, path } : undefined;
};

const copied = new Set(['file', 'dir', 'symlink']);

/** What no archive of restic tells: whiteouts of an overlay, and devices, pipes and sockets, which it takes for empty files. */
const othersIn = async (reader: HeldReader, { snapshot, path }: HeldLayer): Promise<string[]> => {
  const found: string[] = [];
  for await (const line of reader.list(snapshot, textOf(path))) {
    const node = lineOf(line);
    if (node === undefined || copied.has(node.type)) continue;
    const inside = bytesOf(node.path);
    if (isBelow(inside, path)) found.push(inside.slice(path.length + 1));
  }
  return found;
};

/** One layer of a folder, without what lies under what is above it, which is told what it hides in turn. */
async function* layerOf(
  reader: HeldReader,
  layer: HeldLayer,
  { above, prefix }: { readonly above: Above; readonly prefix: string },
): AsyncGenerator<Buffer> {
  const others = new Set(await othersIn(reader, layer));
  const own: Above = { solid: new Set(others), folders: new Set() };
  for await (const { entry, body } of readTar(reader.dump(layer.snapshot, textOf(layer.path)))) {
    const full = `/${entry.path.replace(/^\/+/, '')}`;
    if (!isBelow(full, layer.path)) continue;
    const path = full.slice(layer.path.length + 1);
    const { kind } = entry;
    if (kind === 'folder') own.folders.add(path);
    if (kind !== 'folder' || entry.attributes?.get('trusted.overlay.opaque') === 'y') own.solid.add(path);
    if (kind === 'other' || others.has(path) || isHidden(path, above.solid) || above.folders.has(path)) continue;
    const header = headerOf(`${prefix}${path}`, entry);
    if (kind === 'file') yield* withBody(header, entry.size, body);
    else yield header;
  }
  for (const path of own.solid) above.solid.add(path);
  for (const path of own.folders) above.folders.add(path);
}

/** A folder and all below, but for what volumes hide of it. */
async function* folderOf(
  reader: HeldReader,
  { volumes }: HeldGuest,
  { file, path, prefix }: { readonly file: HeldFile; readonly path: string; readonly prefix: string },
): AsyncGenerator<Buffer> {
  const within = volumes.flatMap(({ place }) => (isBelow(place, path) ? [place.slice(path.length + 1)] : []));
  const above: Above = { solid: new Set(within), folders: new Set() };
  yield headerOf(prefix === '' ? '.' : prefix, file.node);
  for (const layer of file.layers) yield* layerOf(reader, layer, { above, prefix });
}

/**
 * A file of a backup, or a folder with all that the guest saw below, as an archive in which it is called `name`. Nothing is read before the
 * first part is asked for. Throws `invalid` for a device, a pipe or a socket.
 */
export const archiveOf = (
  reader: HeldReader,
  guest: HeldGuest,
  { found, name }: { readonly found: FoundFile; readonly name: string },
): AsyncIterable<Buffer> => {
  const { node, at, path } = found;
  if (node.kind === 'other')
    throw new InnkeeperError('invalid', `path: ${textOf(path)} is neither a file, nor a folder or a link`, {
      hint: 'name a file, a folder or a link',
    });
  const prefix = name === '' ? '' : `${name}/`;
  const parts = async function* (): AsyncGenerator<Buffer> {
    if (node.kind === 'folder') {
      yield* folderOf(reader, guest, { file: found, path, prefix });
      for (const { place, ...volume } of guest.volumes)
        if (isBelow(place, path))
          yield* folderOf(reader, guest, {
            file: volume,
            path: place,
            prefix: `${prefix}${place.slice(path.length + 1)}/`,
          });
    } else if (node.kind === 'file' && at !== undefined)
      yield* withBody(headerOf(name, node), node.size, reader.dump(at.snapshot, textOf(at.path)));
    else yield headerOf(name, node);
    yield tarEnd();
  };
  return parts();
};
