import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { InnkeeperError } from '@innkeeper/model';
import { extract } from 'tar';
import { type ArchivedLink, placeLinks } from './links.ts';
import { lastPart } from './place.ts';

/** What was copied. */
export interface Copied {
  readonly entries: number;
  readonly bytes: number;
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

/** `entry` and all below it, under another name. */
export const renamed = (path: string, from: string, to: string): string =>
  path === from || path.startsWith(`${from}/`) ? `${to}${path.slice(from.length)}` : path;

const copiedTypes = ['File', 'OldFile', 'ContiguousFile', 'Directory', 'SymbolicLink', 'Link'];

/**
 * Unpacks an archive of `path`, in which it is called by its last part, to a place of this machine: into a folder, or under another name.
 * What the archive holds cannot leave the folder that it is unpacked in, whoever made it.
 */
export const unpacking = async (
  path: string,
  target: string,
): Promise<{ readonly output: PassThrough; readonly unpacked: Promise<Copied> }> => {
  const into = await isFolder(target);
  if (!into && (target.endsWith('/') || lastPart(path) === ''))
    throw new InnkeeperError('not_found', `there is no folder ${target}`);
  const [folder, name] = into ? [target, lastPart(path)] : [dirname(resolve(target)), basename(target)];
  let [entries, bytes] = [0, 0];
  const links: ArchivedLink[] = [];
  const output = new PassThrough();
  const unpack = extract({
    cwd: folder,
    strict: false,
    // A folder of the guest is one of ours: setuid programs and devices of a guest are not.
    filter: (_path, entry) => {
      if (!('type' in entry) || !copiedTypes.includes(entry.type)) return false;
      entry.path = renamed(entry.path.replace(/\/$/, ''), lastPart(path), name);
      entries += 1;
      bytes += entry.size ?? 0;
      if (entry.type !== 'SymbolicLink') return true;
      links.push({ path: entry.path, target: entry.linkpath ?? '' });
      return false;
    },
  });
  output.pipe(unpack as unknown as NodeJS.WritableStream);
  const closed = new Promise<void>(
    (resolve_, reject) => void unpack.once('close', () => resolve_()).once('error', reject),
  );
  const unpacked = closed.then(async (): Promise<Copied> => {
    await placeLinks(folder, links);
    return { entries, bytes };
  });
  unpacked.catch(() => undefined);
  return { output, unpacked };
};
