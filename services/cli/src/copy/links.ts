import { lstat, mkdir, symlink, unlink } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** A symbolic link of an archive. */
export interface ArchivedLink {
  readonly path: string;
  readonly target: string;
}

const factsOf = (path: string) => lstat(path).catch(() => undefined);

/** The folder that holds it, made where it is missing; undefined where a link or a file stands on the way. */
const holderOf = async (folder: string, parts: readonly string[]): Promise<string | undefined> => {
  let holder = folder;
  for (const part of parts) {
    holder = join(holder, part);
    const facts = await factsOf(holder);
    if (facts === undefined) await mkdir(holder);
    else if (!facts.isDirectory()) return undefined;
  }
  return holder;
};

/**
 * Makes the links of an archive below a folder when everything else of it is there: nothing can be unpacked through them. One that begins
 * with a slash loses it; one that leads out of the folder is left out. node-tar leaves out links to links, hence not by it.
 */
export const placeLinks = async (folder: string, links: readonly ArchivedLink[]): Promise<void> => {
  for (const { path, target: given } of links) {
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    const name = parts.pop();
    const target = given.replace(/^\/+/, '') || '.';
    const leadsTo = posix.normalize(posix.join(...parts, target));
    if (name === undefined || name === '..' || parts.includes('..') || /^\.\.(\/|$)/.test(leadsTo)) continue;
    const holder = await holderOf(folder, parts);
    if (holder === undefined) continue;
    const place = join(holder, name);
    const facts = await factsOf(place);
    if (facts?.isDirectory() === true) continue;
    if (facts !== undefined) await unlink(place);
    await symlink(target, place);
  }
};
