import * as fs from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { orUndefined } from './files.ts';

/** Between two looks: what somebody does with other tools is to be seen within two seconds. */
const everyMs = 500;

/** A star stands for every folder, or for a part of a file's name; there is one at most. */
const placesOf = async (pattern: string): Promise<string[]> => {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return [pattern];
  const at = before.lastIndexOf('/') + 1;
  const [folder, start] = [before.slice(0, at), before.slice(at)];
  const names = (await orUndefined(fs.readdir(folder))) ?? [];
  const ending = after.startsWith('/') ? '' : after;
  const fitting = names.filter((name) => name.startsWith(start) && name.endsWith(ending));
  return fitting.sort().map((name) => `${folder}${name}${after.startsWith('/') ? after : ''}`);
};

const factOf = async (path: string): Promise<string> => {
  const stat = await orUndefined(fs.lstat(path)).catch(() => undefined);
  return stat === undefined ? `${path} –` : `${path} ${stat.ino} ${stat.mtimeMs}`;
};

const look = async (patterns: readonly string[]): Promise<string> => {
  const places = (await Promise.all(patterns.map(placesOf))).flat();
  return (await Promise.all(places.map(factOf))).join('\n');
};

/** See {@link Host.changes}. Looks rather than listens: what is to be watched may not be there yet, or be replaced. */
export async function* watchPaths(patterns: readonly string[], signal: AbortSignal): AsyncIterable<'changed'> {
  let known = await look(patterns);
  while (!signal.aborted) {
    await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    const now = await look(patterns);
    if (now !== known) yield 'changed';
    known = now;
  }
}
