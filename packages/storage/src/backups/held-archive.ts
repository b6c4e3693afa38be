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

interface Line {
  readonly path: string;
  readonly type: string;
  /** Seconds since 1970, whole ones. */
  readonly modified: number;
}

const lineOf = (line: string): Line | undefined => {
  const { struct_type: kind, type, path, mtime } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  if (kind !== 'node' || typeof type !== 'string' || typeof path !== 'string') return undefined;
  return { path, type, modified: Math.floor(Date.parse(String(mtime)) / 1000) };
};

const copied = new Set(['file', 'dir', 'symlink']);

/** What no archive of restic tells of the files in a layer. */
interface Told {
  /** As it is told of one of the archive's; asked in the archive's order, which is the list's. */
  of(path: string): Promise<Line | undefined>;
  /** Whiteouts of an overlay, and devices, pipes and sockets, which an archive has as empty files: all there are, once the list has ended. */
  others(): Promise<readonly string[]>;
  end(): Promise<void>;
}

const toldOf = (reader: HeldReader, { snapshot, path: folder }: HeldLayer): Told => {
  const lines = reader.list(snapshot, textOf(folder))[Symbol.asyncIterator]();
  const passed = new Map<string, Line>();
  const others: string[] = [];
  /** Whether there was another one. */
  const pass = async (): Promise<boolean> => {
    const { done, value } = await lines.next();
    if (done === true) return false;
    const line = lineOf(value);
    if (line === undefined) return true;
    passed.set(line.path, line);
    const inside = bytesOf(line.path);
    if (!copied.has(line.type) && isBelow(inside, folder)) others.push(inside.slice(folder.length + 1));
    return true;
  };
  return {
    of: async (path) => {
      // JSON has no other bytes than those of text.
      const key = textOf(path);
      while (!passed.has(key) && (await pass()));
      const line = passed.get(key);
      passed.delete(key);
      return line;
    },
    others: async () => {
      while (await pass());
      return others;
    },
    end: async () => void (await lines.return?.()),
  };
};

/** One layer of a folder, without what lies under what is above it, which is told what it hides in turn. */
async function* layerOf(
  reader: HeldReader,
  layer: HeldLayer,
  { above, prefix }: { readonly above: Above; readonly prefix: string },
): AsyncGenerator<Buffer> {
  const own: Above = { solid: new Set(), folders: new Set() };
  const told = toldOf(reader, layer);
  try {
    for await (const { entry, body } of readTar(reader.dump(layer.snapshot, textOf(layer.path)))) {
      const full = `/${entry.path.replace(/^\/+/, '')}`;
      if (!isBelow(full, layer.path)) continue;
      const path = full.slice(layer.path.length + 1);
      const { kind } = entry;
      const { type = 'file', modified = entry.modified } = (await told.of(full)) ?? {};
      if (kind === 'folder') own.folders.add(path);
      if (kind !== 'folder' || entry.attributes?.get('trusted.overlay.opaque') === 'y') own.solid.add(path);
      if (kind === 'other' || !copied.has(type) || isHidden(path, above.solid) || above.folders.has(path)) continue;
      // An archive of Go's has the nearest second, which may be one that was not there yet. [archive/tar, Writer.WriteHeader]
      const header = headerOf(`${prefix}${path}`, {
        ...entry,
        modified: modified === entry.modified - 1 ? modified : entry.modified,
      });
      if (kind === 'file') yield* withBody(header, entry.size, body);
      else yield header;
    }
    for (const path of [...own.solid, ...(await told.others())]) above.solid.add(path);
    for (const path of own.folders) above.folders.add(path);
  } finally {
    await told.end();
  }
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
