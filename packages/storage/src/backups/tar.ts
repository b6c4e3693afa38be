import { InnkeeperError } from '@innkeeper/model';

/** What an archive has of a file. Names and targets are bytes, each a character: what is no UTF-8 stays as it is. */
export interface TarEntry {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** As chmod(1) takes it. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes; 0 for what is no file. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
  /** Of a link. */
  readonly target?: string | undefined;
  /** Extended attributes. */
  readonly attributes?: ReadonlyMap<string, string>;
}

/** A file of an archive that is being read. What of its body nobody reads is skipped. */
export interface TarMember {
  readonly entry: TarEntry;
  readonly body: AsyncIterable<Buffer>;
}

/** Text as bytes, each a character. */
export const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** Bytes, each a character, as text. */
export const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

const block = 512;
const kindFlags = { file: '0', folder: '5', link: '2', other: '6' } as const;
const flagKinds: Readonly<Record<string, TarEntry['kind']>> = { '0': 'file', '\0': 'file', '5': 'folder', '2': 'link' };
const attributePrefix = 'SCHILY.xattr.';

/** Numbers of more digits than their fields have are told by an extended header alone. */
const longest = { id: 0o7777777, size: 0o77777777777 };
const longestName = 100;
/** An extended header holds names and attributes: one that is larger is none. */
const longestExtension = 4 * 1024 * 1024;

const damaged = (): InnkeeperError => new InnkeeperError('host_error', 'What restic gives is no archive that is whole');

const padding = (size: number): number => (block - (size % block)) % block;

const checksumAt = 148;
const sumOf = (header: Buffer): number => {
  let sum = 8 * 0x20;
  for (const [at, byte] of header.entries()) if (at < checksumAt || at >= checksumAt + 8) sum += byte;
  return sum;
};

interface Fields extends Pick<TarEntry, 'path' | 'mode' | 'uid' | 'gid' | 'size' | 'modified' | 'target'> {
  readonly flag: string;
}

const blockOf = ({ path, mode, uid, gid, size, modified, target = '', flag }: Fields): Buffer => {
  const header = Buffer.alloc(block);
  const number = (value: number, at: number, digits: number): void =>
    void header.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  header.write(path.slice(0, longestName), 0, 'latin1');
  number(mode & 0o7777, 100, 7);
  number(Math.min(uid, longest.id), 108, 7);
  number(Math.min(gid, longest.id), 116, 7);
  number(Math.min(size, longest.size), 124, 11);
  number(Math.min(Math.max(0, Math.floor(modified)), longest.size), 136, 11);
  header.write(flag, 156, 'latin1');
  header.write(target.slice(0, longestName), 157, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  header.write(`${sumOf(header).toString(8).padStart(6, '0')}\0 `, checksumAt, 'latin1');
  return header;
};

/** `12 path=x y z\n`: its length counts its own digits. [POSIX pax, extended header] */
const recordOf = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length > length) length += 1;
  return `${length}${rest}`;
};

const isPlain = (text: string): boolean => text.length <= longestName && /^[\x20-\x7e]*$/.test(text);

/** What stands before the bytes of a file, or alone for what has none. */
export const tarHeader = (entry: TarEntry): Buffer => {
  const path = entry.kind === 'folder' ? `${entry.path.replace(/\/$/, '')}/` : entry.path;
  const { target = '', uid, gid, size } = entry;
  const records = [
    ...(isPlain(path) ? [] : [recordOf('path', path)]),
    ...(isPlain(target) ? [] : [recordOf('linkpath', target)]),
    ...(uid > longest.id ? [recordOf('uid', String(uid))] : []),
    ...(gid > longest.id ? [recordOf('gid', String(gid))] : []),
    ...(size > longest.size ? [recordOf('size', String(size))] : []),
  ].join('');
  const own = blockOf({ ...entry, path, flag: kindFlags[entry.kind] });
  if (records === '') return own;
  const plain = { path: 'extended', mode: 0o644, uid: 0, gid: 0, modified: 0, target: '' };
  const extension = blockOf({ ...plain, size: records.length, flag: 'x' });
  return Buffer.concat([extension, Buffer.from(records, 'latin1'), Buffer.alloc(padding(records.length)), own]);
};

/** What stands after the bytes of a file of this size. */
export const tarPadding = (size: number): Buffer => Buffer.alloc(padding(size));

/** What stands at the end of a whole archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * block);

const recordsOf = (text: string): Map<string, string> => {
  const found = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const [, digits] = /^(\d{1,9}) /.exec(text.slice(at, at + 10)) ?? [];
    const length = Number(digits);
    const record = text.slice(at + String(digits).length + 1, at + length - 1);
    const cut = record.indexOf('=');
    if (digits === undefined || length < 5 || cut < 1 || text[at + length - 1] !== '\n') throw damaged();
    found.set(record.slice(0, cut), record.slice(cut + 1));
    at += length;
  }
  return found;
};

const entryOf = (header: Buffer, extended: ReadonlyMap<string, string>): TarEntry & { readonly flag: string } => {
  const text = (at: number, length: number): string => {
    const field = header.toString('latin1', at, at + length);
    const end = field.indexOf('\0');
    return end < 0 ? field : field.slice(0, end);
  };
  const number = (key: string, at: number, length: number): number => {
    const given = extended.get(key);
    const value = given === undefined ? Number.parseInt(text(at, length).trim() || '0', 8) : Number(given);
    if (!Number.isFinite(value) || ((header[at] ?? 0) & 0x80) !== 0) throw damaged();
    return value;
  };
  if (number('', checksumAt, 8) !== sumOf(header)) throw damaged();
  const flag = header.toString('latin1', 156, 157);
  const prefix = text(345, 155);
  const attributes = [...extended].filter(([key]) => key.startsWith(attributePrefix));
  return {
    flag,
    kind: flagKinds[flag] ?? 'other',
    path: (extended.get('path') ?? (prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`)).replace(/\/$/, ''),
    mode: number('', 100, 8),
    uid: number('uid', 108, 8),
    gid: number('gid', 116, 8),
    size: number('size', 124, 12),
    modified: number('mtime', 136, 12),
    target: extended.get('linkpath') ?? text(157, 100),
    attributes: new Map(attributes.map(([key, value]) => [key.slice(attributePrefix.length), value])),
  };
};

const bytesFrom = (chunks: AsyncIterable<Buffer>) => {
  const source = chunks[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  /** As many as there are, one at least; throws where nothing follows. */
  const some = async (most: number): Promise<Buffer> => {
    while (held.length === 0) {
      const next = await source.next();
      if (next.done === true) throw damaged();
      held = next.value;
    }
    const taken = held.subarray(0, most);
    held = held.subarray(taken.length);
    return taken;
  };
  const exactly = async (count: number): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for (let left = count; left > 0; left -= parts.at(-1)?.length ?? 0) parts.push(await some(left));
    return Buffer.concat(parts);
  };
  /** Who gives them says at their end whether they are whole. */
  const toTheEnd = async (): Promise<void> => {
    for (let next = await source.next(); next.done !== true; ) next = await source.next();
  };
  return { some, exactly, toTheEnd, leave: () => source.return?.() };
};

/**
 * The members of an archive as Go's archive/tar writes it, one after the other. Reads what gives it to its end. Throws `host_error` for one
 * that ends before its end.
 */
export async function* readTar(chunks: AsyncIterable<Buffer>): AsyncGenerator<TarMember> {
  const from = bytesFrom(chunks);
  let extended: ReadonlyMap<string, string> = new Map();
  try {
    for (;;) {
      const header = await from.exactly(block);
      if (header.every((byte) => byte === 0)) return await from.toTheEnd();
      const { flag, ...entry } = entryOf(header, extended);
      if (flag === 'x' || flag === 'g') {
        if (entry.size > longestExtension) throw damaged();
        const text = (await from.exactly(entry.size)).toString('latin1');
        await from.exactly(padding(entry.size));
        if (flag === 'x') extended = recordsOf(text);
        continue;
      }
      extended = new Map();
      let left = entry.size;
      const body = async function* (): AsyncGenerator<Buffer> {
        while (left > 0) {
          const chunk = await from.some(left);
          left -= chunk.length;
          yield chunk;
        }
      };
      yield { entry, body: body() };
      for await (const _ of body());
      await from.exactly(padding(entry.size));
    }
  } finally {
    await from.leave();
  }
}
