import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type FileAction, InnkeeperError } from '@innkeeper/model';
import { create } from 'tar';
import { begin, isFolderIn } from './guest.ts';
import { folderOf, lastPart } from './place.ts';
import { type Copied, renamed, unpacking } from './unpack.ts';

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

/** Out of a guest. */
export const pull = async (workload: string, path: string, target: string): Promise<Copied> => {
  if (target === '-') return pullToOutput(workload, path);
  const { output, unpacked } = await unpacking(path, target);
  const { stream, done } = await begin(workload, 'pack', path, output);
  stream.end();
  try {
    await done;
  } finally {
    output.end();
  }
  return unpacked;
};
