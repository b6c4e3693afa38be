import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { layout } from './layout.ts';

/** Names must end in .qcow2: AppArmor's virt-aa-helper reads backing chains of .qcow2, .raw, .img and .iso only. */
export const guestDiskPath = (paths: Paths, id: string): string => `${layout(paths).disks}/${id}/root.qcow2`;

export interface GuestDisk {
  readonly id: string;
  readonly sizeBytes: number;
  /** A shared qcow2 that it is an overlay of; none for an empty disk. */
  readonly backing: string | undefined;
}

/** Makes the disk where there is none. */
export const createGuestDisk = async (host: Host, paths: Paths, disk: GuestDisk): Promise<void> => {
  const path = guestDiskPath(paths, disk.id);
  if ((await host.files.facts(path)) !== undefined) return;
  await host.files.makeDirectory(layout(paths).disks, 0o711);
  await host.files.makeDirectory(`${layout(paths).disks}/${disk.id}`, 0o711);
  const beside = `${path}.new.qcow2`;
  await host.files.remove(beside);
  const backing = disk.backing === undefined ? [] : ['-b', disk.backing, '-F', 'qcow2'];
  await host.run(['qemu-img', 'create', '-q', '-f', 'qcow2', ...backing, beside, String(disk.sizeBytes)]);
  await host.files.rename(beside, path);
};

/** Bytes that a guest sees of a qcow2, also while one uses it. */
export const diskSize = async (host: Host, path: string): Promise<number> => {
  const { stdout } = await host.run(['qemu-img', 'info', '--force-share', '--output=json', path]);
  return (JSON.parse(stdout) as { readonly 'virtual-size': number })['virtual-size'];
};

/** Grows the disk of a guest that does not run. */
export const resizeGuestDisk = async (host: Host, paths: Paths, id: string, bytes: number): Promise<void> => {
  await host.run(['qemu-img', 'resize', '-q', '-f', 'qcow2', guestDiskPath(paths, id), String(bytes)]);
};

export const destroyGuestDisk = (host: Host, paths: Paths, id: string): Promise<void> =>
  host.files.remove(`${layout(paths).disks}/${id}`);
