import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { makePlace, placeFolder, reachFolder, removePlace } from './pools/places.ts';
import { poolFor } from './pools/pool.ts';

/** Of one machine: its own disk, and what is kept beside it. */
export const guestDiskFolder = (paths: Paths, id: string): string => placeFolder(paths, 'disks', id);

/** Names must end in .qcow2: AppArmor's virt-aa-helper reads backing chains of .qcow2, .raw, .img and .iso only. */
export const guestDiskPath = (paths: Paths, id: string): string => `${guestDiskFolder(paths, id)}/root.qcow2`;

/** Beside a disk that is about to come: says which image it is to be an overlay of, which is not taken away meanwhile. */
export const comingFile = (paths: Paths, id: string): string => `${guestDiskFolder(paths, id)}/coming.json`;

export interface GuestDisk {
  readonly id: string;
  readonly sizeBytes: number;
  /** A shared qcow2 that it is an overlay of; none for an empty disk. */
  readonly backing: string | undefined;
  /** The pool that it is to lie in; the state directory when nothing is said. */
  readonly pool?: string | undefined;
}

/**
 * Makes a qcow2 where there is none, over `backing` when one is named. It is whole or not there, and root's alone: libvirt
 * gives it to QEMU's user while a guest runs, and other users of the host get through the folders that it is in.
 */
export const makeQcow2 = async (host: Host, path: string, bytes: number, backing?: string): Promise<void> => {
  if ((await host.files.facts(path)) !== undefined) return;
  const beside = `${path}.new.qcow2`;
  await host.files.remove(beside);
  const over = backing === undefined ? [] : ['-b', backing, '-F', 'qcow2'];
  await host.run(['qemu-img', 'create', '-q', '-f', 'qcow2', ...over, beside, String(bytes)]);
  await host.files.chmod(beside, 0o600);
  await host.files.rename(beside, path);
};

/** Grows a qcow2 that no guest uses now. */
export const resizeQcow2 = async (host: Host, path: string, bytes: number): Promise<void> => {
  await host.run(['qemu-img', 'resize', '-q', '-f', 'qcow2', path, String(bytes)]);
};

/** Makes the disk where there is none. */
export const createGuestDisk = async (host: Host, paths: Paths, disk: GuestDisk): Promise<void> => {
  const pool = await poolFor(host, paths, disk.pool);
  await makePlace(host, paths, { kind: 'disks', id: disk.id, pool });
  await makeQcow2(host, guestDiskPath(paths, disk.id), disk.sizeBytes, disk.backing);
};

/** Bytes that a guest sees of a qcow2, also while one uses it. */
export const diskSize = async (host: Host, path: string): Promise<number> => {
  const { stdout } = await host.run(['qemu-img', 'info', '--force-share', '--output=json', path]);
  return (JSON.parse(stdout) as { readonly 'virtual-size': number })['virtual-size'];
};

const bytesOf = async (host: Host, path: string, offset: bigint, count: number): Promise<Buffer> => {
  const words = ['od', '-An', '-v', '-tx1', '-j', String(offset), '-N', String(count), '--', path];
  return Buffer.from((await host.run(words)).stdout.replaceAll(/\s/g, ''), 'hex');
};

/**
 * Whether anything was ever written into a qcow2 that nobody uses now: then the first level of its map names a part of the second.
 * [QEMU, docs/interop/qcow2: that level has its number of entries at 36 of the header, and where it is at 40]
 */
export const isWrittenInto = async (host: Host, path: string): Promise<boolean> => {
  const header = await bytesOf(host, path, 0n, 48);
  const map = await bytesOf(host, path, header.readBigUInt64BE(40), header.readUInt32BE(36) * 8);
  return map.some((byte) => byte !== 0);
};

/** Throws `host_error` while the pool that it is in is away; one that is nowhere is not looked for. */
export const reachGuestDisk = async (host: Host, paths: Paths, id: string): Promise<void> =>
  void (await reachFolder(host, paths, guestDiskFolder(paths, id)));

/** With all that is beside it; nothing there is no error. Throws `host_error` while its pool is away. */
export const destroyGuestDisk = (host: Host, paths: Paths, id: string): Promise<void> =>
  removePlace(host, paths, guestDiskFolder(paths, id));
