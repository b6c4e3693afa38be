import { InnkeeperError } from '@innkeeper/model';

/** One member of an archive, as its header says it. */
export interface Member {
  readonly path: string;
  readonly type: string;
  /** Of a link. */
  readonly linkpath?: string | undefined;
  readonly size: number;
}

const plainTypes = new Set(['File', 'OldFile', 'ContiguousFile', 'Directory', 'FIFO']);
const deviceTypes = new Set(['CharacterDevice', 'BlockDevice']);

/** A block of the disk at least, whatever is in it. */
const blockBytes = 4096;

const refuse = (what: string): InnkeeperError =>
  new InnkeeperError('invalid', `source: ${what}; nothing was unpacked`, {
    hint: 'pack it anew, from inside the tree: tar --numeric-owner --xattrs -cf image.tar .',
  });

const shown = (path: string): string => JSON.stringify(path.slice(0, 120));

/** `./a//b/` is `a/b`. Throws `invalid` for what is not inside. */
const inside = (path: string, what: string): string => {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/')) throw refuse(`${what} ${shown(path)} is an absolute name, which leads out of the image`);
  if (parts.includes('..')) throw refuse(`${what} ${shown(path)} leads out of the image by ".."`);
  return parts.join('/');
};

export interface MemberChecks {
  /** Throws `invalid` for a member that would reach beyond the tree, `too_large` beyond the limit. */
  add(member: Member): void;
  readonly members: number;
  readonly bytes: number;
  /** Devices are never made: a guest gets those that it is given. */
  readonly devices: number;
}

/**
 * Looks at an archive member by member, in their order, before anything of it is unpacked. What unpacks it can write nowhere
 * else anyway (confined.pl); this is what tells the user which member is to blame.
 */
export const memberChecks = (limitBytes: number): MemberChecks => {
  const links = new Set<string>();
  const files = new Set<string>();
  const sum = { members: 0, bytes: 0, devices: 0 };

  const refuseThroughLink = (path: string, what: string): void => {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const above = parts.slice(0, depth).join('/');
      if (links.has(above)) throw refuse(`${what} ${shown(path)} goes through the symbolic link ${shown(above)}`);
    }
  };

  const addHardLink = (path: string, linkpath: string): void => {
    const target = inside(linkpath, `the hard link ${shown(path)} to`);
    refuseThroughLink(target, `the hard link ${shown(path)} to`);
    if (!files.has(target) && !links.has(target))
      throw refuse(`the hard link ${shown(path)} leads to ${shown(target)}, which the archive does not have before it`);
    files.add(path);
  };

  const add = ({ path: given, type, linkpath = '', size }: Member): void => {
    const path = inside(given, 'the member');
    refuseThroughLink(path, 'the member');
    sum.members += 1;
    sum.bytes += Math.ceil(size / blockBytes) * blockBytes + blockBytes;
    if (sum.bytes > limitBytes)
      throw new InnkeeperError(
        'too_large',
        `source: it unpacks to more than ${limitBytes} bytes; nothing was unpacked`,
        {
          hint: 'INNKEEPER_IMAGE_BYTES raises the limit, where the image is to be trusted',
        },
      );
    if (deviceTypes.has(type)) sum.devices += 1;
    else if (type === 'SymbolicLink') links.add(path);
    else if (type === 'Link') addHardLink(path, linkpath);
    else if (!plainTypes.has(type))
      throw refuse(`the member ${shown(path)} is of a kind (${type}) that no file system has`);
    else if (type !== 'Directory') files.add(path);
  };

  return {
    add,
    get members() {
      return sum.members;
    },
    get bytes() {
      return sum.bytes;
    },
    get devices() {
      return sum.devices;
    },
  };
};
