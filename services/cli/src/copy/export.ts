import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { formatSize, InnkeeperError } from '@innkeeper/model';
import { client } from '../target.ts';

const showEveryMs = 500;

/** Passes bytes through, and says on a terminal how many there were. */
const counting = (what: string): { readonly through: Transform; readonly bytes: () => number } => {
  let [bytes, shownAt] = [0, 0];
  const onTerminal = process.stderr.isTTY === true;
  const through = new Transform({
    transform: (piece: Buffer, _encoding, done) => {
      bytes += piece.length;
      if (onTerminal && Date.now() - shownAt > showEveryMs) {
        shownAt = Date.now();
        process.stderr.write(`\r${what} ${formatSize(bytes)}\u001b[K`);
      }
      done(null, piece);
    },
    flush: (done) => {
      if (onTerminal) process.stderr.write('\r\u001b[K');
      done();
    },
  });
  return { through, bytes: () => bytes };
};

const requireFree = async (file: string): Promise<void> => {
  if ((await stat(file).catch(() => undefined)) === undefined) return;
  throw new InnkeeperError('conflict', `${file} is there already`, { hint: 'choose another name, or remove it first' });
};

/** Into a file that nobody else can read, which is there when it is whole; `-` is standard output. Bytes that it has. */
export const exportTo = async (backup: string, file: string): Promise<number> => {
  const part = `${file}.part`;
  if (file !== '-') await requireFree(file);
  const archive = await client().exportBackup(backup);
  const { through, bytes } = counting('exported');
  try {
    if (file === '-') await pipeline(archive, through, process.stdout, { end: false });
    else {
      await pipeline(archive, through, createWriteStream(part, { mode: 0o600, flush: true }));
      await rename(part, file);
    }
  } catch (cause) {
    if (file !== '-') await rm(part, { force: true });
    throw new InnkeeperError('host_error', `the export of ${backup} was cut off`, {
      cause,
      hint: 'export it again; the log of the control plane says what happened',
    });
  }
  return bytes();
};

/** From a file, or standard input with `-`. Names that the backups in it have. */
export const importFrom = async (file: string, to: string | undefined): Promise<readonly string[]> => {
  if (file !== '-' && (await stat(file).catch(() => undefined))?.isFile() !== true)
    throw new InnkeeperError('not_found', `there is no file ${file}`);
  const { through } = counting('sent');
  const source: Readable = file === '-' ? process.stdin : createReadStream(file);
  source.once('error', (error) => through.destroy(error));
  return (await client().importBackups(source.pipe(through), to)).map(({ name }) => name);
};
