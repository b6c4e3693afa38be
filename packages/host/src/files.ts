import { randomUUID } from 'node:crypto';
import { constants, readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FileFacts, HostFiles } from './host.ts';
import { runProgram } from './run.ts';

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

export const orUndefined = async <T>(reading: Promise<T>): Promise<T | undefined> => {
  try {
    return await reading;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

export const kindOf = (mode: number): FileFacts['kind'] => {
  switch (mode & constants.S_IFMT) {
    case constants.S_IFREG:
      return 'file';
    case constants.S_IFDIR:
      return 'directory';
    case constants.S_IFLNK:
      return 'symlink';
    default:
      return 'other';
  }
};

const writeAtomically = async (path: string, content: string | Uint8Array, mode = 0o600): Promise<void> => {
  const beside = join(dirname(path), `.${randomUUID()}.new`);
  try {
    await fs.writeFile(beside, content, { mode, flag: 'wx' });
    await fs.chmod(beside, mode);
    await fs.rename(beside, path);
  } catch (error) {
    await fs.rm(beside, { force: true });
    throw error;
  }
};

/**
 * Trees by `rm`, which is faster than Node for large ones and, with --one-file-system, stops at a mount point:
 * a mistake never empties what is mounted below a guest's directory.
 */
const remove = async (path: string): Promise<void> => {
  const stat = await orUndefined(fs.lstat(path));
  if (stat === undefined) return;
  if (stat.isDirectory()) await runProgram(['rm', '-rf', '--one-file-system', '--', path], { timeoutMs: 600_000 });
  else await fs.rm(path, { force: true });
};

const textNow = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/** Files of the kernel answer from memory: asking for each by itself costs five times as long as reading it. */
const textsAtOnce = 100;

const readTexts = async (paths: readonly string[]): Promise<(string | undefined)[]> => {
  const texts: (string | undefined)[] = [];
  for (let start = 0; start < paths.length; start += textsAtOnce) {
    texts.push(...paths.slice(start, start + textsAtOnce).map(textNow));
    await nextTurn();
  }
  return texts;
};

export const localFiles: HostFiles = {
  read: (path) => fs.readFile(path),
  readText: (path) => fs.readFile(path, 'utf8'),
  readTextIfThere: (path) => orUndefined(fs.readFile(path, 'utf8')),
  readTexts,
  write: writeAtomically,
  facts: async (path) => {
    const stat = await orUndefined(fs.lstat(path));
    return stat === undefined
      ? undefined
      : {
          kind: kindOf(stat.mode),
          size: stat.size,
          allocated: stat.blocks * 512,
          mode: stat.mode & 0o7777,
          uid: stat.uid,
          modifiedMs: stat.mtimeMs,
        };
  },
  list: async (path) => (await orUndefined(fs.readdir(path))) ?? [],
  makeDirectory: async (path, mode = 0o700) => {
    await fs.mkdir(path, { recursive: true });
    await fs.chmod(path, mode);
  },
  chown: (path, uid, gid) => fs.lchown(path, uid, gid),
  chmod: (path, mode) => fs.chmod(path, mode),
  rename: (from, to) => fs.rename(from, to),
  remove,
  space: async (path) => {
    const stat = await fs.statfs(path);
    return { free: stat.bavail * stat.bsize, total: stat.blocks * stat.bsize };
  },
};
