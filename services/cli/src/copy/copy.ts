import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { type FileAction, InnkeeperError } from '@innkeeper/model';
import { create, extract } from 'tar';
import { begin, isFolderIn } from './guest.ts';
import { folderOf, lastPart } from './place.ts';

/** What was copied. */
export interface Copied {
  readonly entries: number;
  readonly bytes: number;
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

/** Bytes from this machine into a guest, as fast as that takes them. */
const send = async (
  from: AsyncIterable<Uint8Array>,
  workload: string,
  action: FileAction,
  path: string,
): Promise<number> => {
  const { stream, done } = await begin(workload, action, path);
  let bytes = 0;
  let over = false;
  const end = (): void => {
    over = true;
  };
  done.then(end, end);
  for await (const chunk of from) {
    // The program has ended: what it says is the reason, not that nobody reads.
    if (over) break;
    stream.write(chunk);
    bytes += chunk.length;
    await stream.drained();
  }
  if (!over) stream.end();
  await done;
  return bytes;
};

/** `entry` and all below it, under another name. */
const renamed = (path: string, from: string, to: string): string =>
  path === from || path.startsWith(`${from}/`) ? `${to}${path.slice(from.length)}` : path;

/**
 * Into a guest, by the guest's own tar in its own namespaces: no link in it leads out of it. What arrives belongs to its
 * root, with the modes that it had.
 */
export const push = async (source: string, workload: string, path: string): Promise<Copied> => {
  if (source === '-') {
    const bytes = await send(process.stdin, workload, 'write', path);
    return { entries: 1, bytes };
  }
  const local = resolve(source);
  await stat(local).catch((cause) => {
    throw new InnkeeperError('not_found', `${source} cannot be read`, { cause });
  });
  const into = await isFolderIn(workload, path);
  if (!into && path.endsWith('/')) throw new InnkeeperError('not_found', `${workload} has no folder ${path}`);
  const [folder, name] = into ? [path, basename(local)] : [folderOf(path), lastPart(path)];
  let entries = 0;
  const archive = create(
    {
      cwd: dirname(local),
      portable: true,
      onWriteEntry: (entry) => {
        entries += 1;
        entry.path = renamed(entry.path, basename(local), name);
      },
    },
    [basename(local)],
  );
  const bytes = await send(archive as unknown as AsyncIterable<Uint8Array>, workload, 'unpack', folder);
  return { entries, bytes };
};

const pullToOutput = async (workload: string, path: string): Promise<Copied> => {
  const { stream, done } = await begin(workload, 'read', path, process.stdout);
  stream.end();
  await done;
  return { entries: 1, bytes: 0 };
};

/** Out of a guest. What the archive holds cannot leave the folder that it is unpacked in, whoever made it. */
export const pull = async (workload: string, path: string, target: string): Promise<Copied> => {
  if (target === '-') return pullToOutput(workload, path);
  const into = await isFolder(target);
  if (!into && target.endsWith('/')) throw new InnkeeperError('not_found', `there is no folder ${target}`);
  const [folder, name] = into ? [target, lastPart(path)] : [dirname(resolve(target)), basename(target)];
  let [entries, bytes] = [0, 0];
  const output = new PassThrough();
  const unpacking = extract({
    cwd: folder,
    strict: false,
    // A folder of the guest is one of ours: setuid programs and devices of a guest are not.
    filter: (_path, entry) => {
      if (
        !('type' in entry) ||
        !['File', 'OldFile', 'ContiguousFile', 'Directory', 'SymbolicLink', 'Link'].includes(entry.type)
      )
        return false;
      entry.path = renamed(entry.path.replace(/\/$/, ''), lastPart(path), name);
      entries += 1;
      bytes += entry.size ?? 0;
      return true;
    },
  });
  output.pipe(unpacking as unknown as NodeJS.WritableStream);
  const { stream, done } = await begin(workload, 'pack', path, output);
  stream.end();
  try {
    await done;
  } finally {
    output.end();
  }
  await new Promise((resolve_, reject) => void unpacking.once('close', resolve_).once('error', reject));
  return { entries, bytes };
};
