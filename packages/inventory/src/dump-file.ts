import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { InnkeeperError } from '@innkeeper/model';
import { dumpInventory } from './dump.ts';
import { type DumpHead, restoreInventory } from './restore.ts';

/**
 * Writes a dump, compressed by gzip, readable by its owner alone; on the disk when this resolves, and never half under its
 * name. False, and no file, when the database holds nothing yet.
 */
export const dumpToFile = async (url: string, path: string): Promise<boolean> => {
  const part = `${path}.part`;
  await rm(part, { force: true });
  const text = new PassThrough();
  const writing = pipeline(text, createGzip(), createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }));
  // Waited for below; a failure of the database is told first.
  writing.catch(() => undefined);
  try {
    const wrote = await dumpInventory(url, text).catch((error: unknown) => {
      text.destroy(error as Error);
      throw error;
    });
    text.end();
    await writing;
    if (wrote) await rename(part, path);
    return wrote;
  } finally {
    await rm(part, { force: true });
  }
};

/** See {@link restoreInventory}. Throws `not_found` without such a file. */
export const restoreFromFile = async (url: string, path: string): Promise<DumpHead> => {
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isFile() !== true)
    throw new InnkeeperError('not_found', `There is no file ${path}`, {
      hint: 'inn dump ls shows the dumps that there are',
    });
  const unpacked = createGunzip();
  const file = createReadStream(path);
  file.once('error', (error) => void unpacked.destroy(error));
  return restoreInventory(url, file.pipe(unpacked));
};
