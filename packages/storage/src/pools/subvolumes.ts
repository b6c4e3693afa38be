import type { Host } from '@innkeeper/host';

/** The root of a subvolume has this inode, and no other directory of btrfs. [https://btrfs.readthedocs.io, subvolumes] */
const rootInode = '256';

/** Deep enough for a volume in a snapshot of a guest: snapshots/ID/volumes/NAME. */
const deepest = '4';

export const isBtrfs = async (host: Host, path: string): Promise<boolean> =>
  (await host.run(['stat', '-f', '-c', '%T', '--', path])).stdout.trim() === 'btrfs';

export const makeSubvolume = async (host: Host, path: string): Promise<void> =>
  void (await host.run(['btrfs', 'subvolume', 'create', path]));

const subvolumesIn = async (host: Host, folder: string): Promise<string[]> => {
  const found = ['find', folder, '-depth', '-maxdepth', deepest, '-type', 'd', '-inum', rootInode, '-print0'];
  return (await host.run(found)).stdout.split('\0').filter((path) => path !== '');
};

/** Records of its quota outlive it: those are taken away when the pool is looked at. */
const deleteSubvolume = async (host: Host, path: string): Promise<void> => {
  const { exitCode } = await host.run(['btrfs', 'subvolume', 'delete', path], { expect: [0, 1] });
  // A guest may have made some of its own in a volume.
  if (exitCode !== 0) await host.run(['rm', '-rf', '--', path], { timeoutMs: 600_000 });
};

/** Those that a guest's folder in a pool has; elsewhere nothing. */
export const deleteSubvolumesIn = async (host: Host, folder: string): Promise<void> => {
  if ((await host.files.facts(folder)) === undefined || !(await isBtrfs(host, folder))) return;
  for (const path of await subvolumesIn(host, folder)) await deleteSubvolume(host, path);
};

/** Whether the file system counts what a subvolume takes, and holds it to a limit. */
const countsUse = async (host: Host, path: string): Promise<boolean> =>
  (await host.run(['btrfs', 'qgroup', 'show', path], { expect: [0, 1] })).exitCode === 0;

/** Makes a size the most that a directory may take, where it is a subvolume and its file system counts. */
export const limitSubvolume = async (host: Host, path: string, bytes: number): Promise<void> => {
  const inode = (await host.run(['stat', '-c', '%i', '--', path])).stdout.trim();
  if (inode !== rootInode || !(await isBtrfs(host, path)) || !(await countsUse(host, path))) return;
  await host.run(['btrfs', 'qgroup', 'limit', String(bytes), path]);
};
