import { InnkeeperError } from '@innkeeper/model';
import { z } from 'zod';
import { bytesOf, type TarEntry } from './tar.ts';

/** A file as a repository holds it. */
export interface HeldNode extends Omit<TarEntry, 'path' | 'attributes'> {
  /** Bytes, each a character. */
  readonly name: string;
  /** Of a folder: what restic calls the list of what is in it. */
  readonly tree?: string | undefined;
  /** Of an overlay's folder: nothing of it shows from the layers below. */
  readonly opaque: boolean;
  /** An overlay's mark that something is not there. */
  readonly whiteout: boolean;
}

const node = z.object({
  name: z.string(),
  type: z.string(),
  mode: z.number().default(0),
  mtime: z.string().default(''),
  uid: z.number().default(0),
  gid: z.number().default(0),
  size: z.number().default(0),
  device: z.number().default(0),
  linktarget: z.string().default(''),
  linktarget_raw: z.base64().optional(),
  extended_attributes: z.array(z.object({ name: z.string(), value: z.string().nullish() })).nullish(),
  subtree: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullish(),
});
const list = z.object({ nodes: z.array(node) });

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** restic keeps names as Go quotes them. [strconv.Quote] */
export const unquoted = (text: string): string =>
  text.replaceAll(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))|[^\\]+/gs,
    (all, byte?: string, short?: string, long?: string, one?: string) => {
      if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
      const point = short ?? long;
      if (point !== undefined) return bytesOf(String.fromCodePoint(Number.parseInt(point, 16)));
      return one === undefined ? bytesOf(all) : (escapes[one] ?? one);
    },
  );

const kinds: Readonly<Record<string, HeldNode['kind']>> = { file: 'file', dir: 'folder', symlink: 'link' };

/** Go's bits of a mode as those of chmod(1). [os.FileMode] */
const modeOf = (mode: number): number =>
  (mode & 0o777) |
  ((mode & (1 << 23)) === 0 ? 0 : 0o4000) |
  ((mode & (1 << 22)) === 0 ? 0 : 0o2000) |
  ((mode & (1 << 20)) === 0 ? 0 : 0o1000);

const opaqueMark = Buffer.from('y').toString('base64');

const nodeOf = (given: z.output<typeof node>): HeldNode => ({
  name: unquoted(given.name),
  kind: kinds[given.type] ?? 'other',
  mode: modeOf(given.mode),
  uid: given.uid,
  gid: given.gid,
  size: given.type === 'file' ? given.size : 0,
  modified: Math.floor(Date.parse(given.mtime) / 1000) || 0,
  ...(given.type === 'symlink'
    ? {
        target:
          given.linktarget_raw === undefined
            ? bytesOf(given.linktarget)
            : Buffer.from(given.linktarget_raw, 'base64').toString('latin1'),
      }
    : {}),
  ...(given.type === 'dir' && given.subtree != null ? { tree: given.subtree } : {}),
  opaque: (given.extended_attributes ?? []).some(
    ({ name, value }) => name === 'trusted.overlay.opaque' && value === opaqueMark,
  ),
  whiteout: given.type === 'chardev' && given.device === 0,
});

/** What is in a folder, out of what restic keeps of it. Throws `host_error` for what is no such list. */
export const heldNodes = (text: string): readonly HeldNode[] => {
  try {
    return list.parse(JSON.parse(text)).nodes.map(nodeOf);
  } catch (cause) {
    throw new InnkeeperError('host_error', 'What restic keeps of a folder cannot be read', { cause });
  }
};
