import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';

const shell = (command: string, ...words: string[]): string => execFileSync(command, words, { encoding: 'utf8' });

/** A file system of its own, mounted from a file. */
export interface LoopDisk {
  /** A directory on it that is a pool's. */
  readonly pool: string;
  /** Where it is mounted. */
  readonly point: string;
  mount(): void;
  /** Also while somebody has something open there. */
  unmount(): void;
  /** With the file. */
  remove(): void;
}

/** `quotas`: of btrfs, which keeps none until it is told to. */
export const makeLoopDisk = (
  place: string,
  fileSystem: 'ext4' | 'btrfs',
  { megabytes = 600, quotas = false }: { readonly megabytes?: number; readonly quotas?: boolean } = {},
): LoopDisk => {
  const [file, point] = [`${place}.img`, `${place}.mnt`];
  const mount = (): void => void shell('mount', '-o', 'loop', file, point);
  const unmount = (): void => void shell('umount', '-l', point);
  rmSync(file, { force: true });
  shell('truncate', '-s', `${megabytes}M`, file);
  shell(`mkfs.${fileSystem}`, '-q', file);
  mkdirSync(point, { recursive: true });
  mount();
  if (quotas) shell('btrfs', 'quota', 'enable', point);
  mkdirSync(`${point}/guests`);
  return {
    pool: `${point}/guests`,
    point,
    mount,
    unmount,
    remove: () => {
      unmount();
      rmSync(file, { force: true });
      rmSync(point, { recursive: true, force: true });
    },
  };
};

/** What an earlier run that was ended has left. */
export const clearLoopDisk = (place: string): void => {
  const table = shell('cat', '/proc/self/mountinfo');
  if (table.includes(` ${place}.mnt `)) shell('umount', '-l', `${place}.mnt`);
  rmSync(`${place}.img`, { force: true });
  rmSync(`${place}.mnt`, { recursive: true, force: true });
};
