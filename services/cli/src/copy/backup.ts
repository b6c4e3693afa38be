import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InnkeeperError } from '@innkeeper/model';
import { Parser, type ReadEntry } from 'tar';
import { client } from '../target.ts';
import { type Copied, unpacking } from './unpack.ts';

const cutOff = (backup: string, cause: unknown): InnkeeperError =>
  new InnkeeperError('host_error', `the copy out of ${backup} was cut off: what has arrived is not whole`, {
    cause,
    hint: 'copy it again; the log of the control plane says what happened',
  });

const receive = (archive: Readable, output: PassThrough, backup: string): Promise<void> =>
  pipeline(archive, output).catch((cause: unknown) => {
    throw cutOff(backup, cause);
  });

/** The one file of an archive; a folder is none. */
const toOutput = async (backup: string, path: string, archive: Readable): Promise<Copied> => {
  let [bytes, refused] = [0, false];
  const parser = new Parser({
    onReadEntry: (entry: ReadEntry) => {
      refused ||= entry.type !== 'File';
      if (refused) return void entry.resume();
      bytes += entry.size;
      entry.pipe(process.stdout, { end: false });
    },
  });
  const read = new Promise<void>((resolve, reject) => void parser.once('end', resolve).once('error', reject));
  read.catch(() => undefined);
  const output = new PassThrough();
  output.pipe(parser as unknown as NodeJS.WritableStream);
  await receive(archive, output, backup);
  await read;
  if (!refused) return { entries: 1, bytes };
  throw new InnkeeperError('invalid', `${path} is no file, and - takes one alone`, {
    hint: `name a folder of this machine: inn backup cp ${backup} ${path} .`,
  });
};

/** Out of a backup, as out of a guest. */
export const pullFromBackup = async (backup: string, path: string, target: string): Promise<Copied> => {
  if (target === '-') return toOutput(backup, path, await client().backupArchive(backup, path));
  const { output, unpacked } = await unpacking(path, target);
  await receive(await client().backupArchive(backup, path), output, backup);
  return unpacked;
};
