import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { Parser, type ReadEntry } from 'tar';
import { treeBytes } from '../own-bytes.ts';
import { runConfined } from './confined.ts';
import type { FileKind } from './kind.ts';
import { type MemberChecks, memberChecks } from './members.ts';
import { unpackSquashfs } from './squashfs.ts';
import { requireRoom, type Work } from './work.ts';

/** What an archive of a tree is packed with. */
export type TreeKind = Extract<FileKind, 'tar' | 'gzip' | 'xz' | 'zstd' | 'squashfs'>;

const unpackTimeoutMs = 60 * 60_000;
const unpackerMemory = '1GiB';

const reader: Readonly<Record<Exclude<TreeKind, 'tar' | 'squashfs'>, readonly string[]>> = {
  gzip: ['gzip', '-dc'],
  xz: ['xz', '-dc', `--memlimit-decompress=${unpackerMemory}`],
  zstd: ['zstd', '-dcq', '--memory=1024MB'],
};

const tarOption: Readonly<Record<Exclude<TreeKind, 'squashfs'>, readonly string[]>> = {
  tar: [],
  gzip: ['--gzip'],
  xz: ['--xz'],
  zstd: ['--zstd'],
};

const damaged = (cause: unknown): InnkeeperError =>
  new InnkeeperError('invalid', 'source: the archive is damaged, or no tar is in it; nothing of it stays', {
    cause: cause instanceof Error ? new Error(cause.message) : cause,
    hint: 'fetch or pack it anew: a root file system as tar, tar.gz, tar.xz, tar.zst or squashfs',
  });

/** The archive as it is unpacked, and how to end it. */
const openTar = (host: Host, file: string, kind: Exclude<TreeKind, 'squashfs'>) => {
  if (kind === 'tar') {
    const stream: Readable = createReadStream(file);
    return { stream, exit: Promise.resolve({ code: 0 as number | undefined }), end: () => void stream.destroy() };
  }
  const child = host.spawn([...reader[kind], '--', file]);
  child.stderr.resume();
  return { stream: child.stdout, exit: child.exit, end: () => child.kill('SIGKILL') };
};

/** Reads an archive to its end, and unpacks nothing. Throws `invalid` for a member that leads out, `too_large` for a bomb. */
const inspectTar = async (
  host: Host,
  file: string,
  kind: Exclude<TreeKind, 'squashfs'>,
  { signal, limitBytes }: Pick<Work, 'signal' | 'limitBytes'>,
): Promise<MemberChecks> => {
  const checks = memberChecks(limitBytes);
  let failure: unknown;
  const look = (entry: ReadEntry): void => {
    entry.resume();
    try {
      checks.add({ path: entry.path, type: entry.type, linkpath: entry.linkpath, size: entry.size });
    } catch (error) {
      failure ??= error;
    }
  };
  const parser = new Parser({ strict: true, onReadEntry: look });
  // Of a kind that it does not know; tar(1) would take it for a file.
  parser.on('ignoredEntry', look);
  parser.on('error', (error: unknown) => {
    failure ??= damaged(error);
  });
  const { stream, exit, end } = openTar(host, file, kind);
  let read = 0;
  try {
    for await (const chunk of stream) {
      signal.throwIfAborted();
      if (failure !== undefined) throw failure;
      read += (chunk as Buffer).length;
      // Members of no length count by their blocks; what stands between and behind them counts here.
      if (read > limitBytes + 2 ** 20) checks.add({ path: 'the archive', type: 'File', size: read });
      if (!parser.write(chunk as Buffer)) await once(parser, 'drain').catch(() => undefined);
    }
    // What it finds wrong is kept by then.
    const ended = once(parser, 'end').catch(() => undefined);
    parser.end();
    await ended;
    if (failure !== undefined) throw failure;
    const { code } = await exit;
    if (code !== 0) throw damaged(new Error(`${kind} ended with ${code}`));
  } finally {
    end();
  }
  if (checks.members === 0) throw damaged(new Error('no member'));
  return checks;
};

const unpackTar = async (
  host: Host,
  file: string,
  kind: Exclude<TreeKind, 'squashfs'>,
  target: string,
  signal: AbortSignal,
): Promise<void> => {
  await runConfined(
    host,
    target,
    [
      'tar',
      '-C',
      target,
      '--numeric-owner',
      '--same-owner',
      '--same-permissions',
      '--delay-directory-restore',
      '--xattrs',
      // Not those of overlayfs (trusted.*), which would act in the layer that this becomes.
      '--xattrs-include=user.*',
      '--xattrs-include=security.capability',
      ...tarOption[kind],
      '-xf',
      file,
    ],
    { timeoutMs: unpackTimeoutMs, signal },
  ).catch((error: unknown) => {
    signal.throwIfAborted();
    throw damaged(error);
  });
};

/** Takes devices away: nobody has reached them, below a folder of root's. How many there were. */
const removeDevices = async (host: Host, tree: string): Promise<number> => {
  const { stdout } = await host.run(
    ['find', tree, '-xdev', '(', '-type', 'b', '-o', '-type', 'c', ')', '-printf', 'x', '-delete'],
    { timeoutMs: 600_000 },
  );
  return stdout.length;
};

/** Servers' combined archives have the tree in a folder `rootfs`, beside what describes it. */
const treeIn = async (host: Host, unpacked: string): Promise<string> => {
  const names = await host.files.list(unpacked);
  return names.includes('rootfs') && !names.includes('usr') && !names.includes('bin') ? `${unpacked}/rootfs` : unpacked;
};

/** Containers are started by /sbin/init, also where /sbin is a link into /usr. Looked at without following what is in the tree. */
const requireInit = async (host: Host, tree: string): Promise<void> => {
  for (const path of ['sbin/init', 'usr/sbin/init', 'usr/bin/init', 'bin/init'])
    if ((await host.files.facts(`${tree}/${path}`)) !== undefined) return;
  throw new InnkeeperError('invalid', 'source: the archive has no /sbin/init, with which a container starts', {
    hint: 'a root file system of a whole distribution is needed, with an init such as systemd, OpenRC or busybox',
  });
};

export interface UnpackedTree {
  readonly bytes: number;
  /** What was left out, as sentences. */
  readonly notes: readonly string[];
}

/**
 * Unpacks a root file system to `${folder}/rootfs`; `folder` is an empty one that only root reaches. Throws `invalid` for an
 * archive with a member that leads out of it and for what is no root file system, `too_large` beyond the limit, `conflict`
 * without room. What is in the folder then is the caller's to remove.
 */
export const unpackTree = async (
  host: Host,
  file: string,
  kind: TreeKind,
  folder: string,
  work: Work,
): Promise<UnpackedTree> => {
  const unpacked = `${folder}/unpacked`;
  await host.files.makeDirectory(unpacked, 0o755);
  const { free } = await host.files.space(folder);
  if (kind === 'squashfs') await unpackSquashfs(host, file, unpacked, free, work);
  else {
    work.progress('looking into the archive');
    const checks = await inspectTar(host, file, kind, work);
    requireRoom('source: unpacking it', checks.bytes, free, folder);
    work.progress(`unpacking ${checks.members} files`);
    await unpackTar(host, file, kind, unpacked, work.signal);
  }
  const devices = await removeDevices(host, unpacked);
  const tree = await treeIn(host, unpacked);
  if ((await host.files.facts(tree))?.kind !== 'directory')
    throw new InnkeeperError('invalid', 'source: rootfs in the archive is no folder');
  await requireInit(host, tree);
  await host.files.rename(tree, `${folder}/rootfs`);
  await host.files.chmod(`${folder}/rootfs`, 0o755);
  if (tree !== unpacked) await host.files.remove(unpacked);
  return {
    bytes: await treeBytes(host, `${folder}/rootfs`),
    notes: devices === 0 ? [] : [`${devices} device nodes were left out: a guest gets those that it is given`],
  };
};
