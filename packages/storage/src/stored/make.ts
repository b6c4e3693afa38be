import { randomUUID } from 'node:crypto';
import type { Host } from '@innkeeper/host';
import { type ImageVariant, InnkeeperError, type Paths } from '@innkeeper/model';
import { convertDisk, type DiskKind, headOf } from './disk.ts';
import { type FileKind, headBytes, kindOfFile, variantOf } from './kind.ts';
import { baseDiskPath, storedLayout, treePath } from './record.ts';
import { unfinishedPrefix } from './sweep.ts';
import { type TreeKind, unpackTree } from './tree.ts';
import type { Work } from './work.ts';

export interface Made {
  readonly bytes: number;
  readonly virtualBytes?: number;
  readonly notes: readonly string[];
}

const variantText: Readonly<Record<ImageVariant, string>> = {
  rootfs: 'a root file system as tar, tar.gz, tar.xz, tar.zst or squashfs, for containers',
  disk: 'a disk as qcow2, vmdk or raw, for virtual machines',
};

/** What a file is and becomes, told by its beginning. Throws `invalid` saying what would be right. */
export const inspectFile = async (
  file: string,
  wanted: ImageVariant | undefined,
): Promise<{ readonly kind: FileKind; readonly variant: ImageVariant }> => {
  const kind = kindOfFile(await headOf(file, headBytes));
  const variant = variantOf(kind);
  if (variant === undefined)
    throw new InnkeeperError('invalid', 'source: it is neither an archive nor a disk that is known', {
      hint: `right would be ${variantText.rootfs}; or ${variantText.disk} (raw with a boot sector)`,
    });
  if (wanted !== undefined && wanted !== variant)
    throw new InnkeeperError('invalid', `variant: ${wanted} was asked for, and the file is a ${kind}`, {
      hint: `right would be ${variantText[wanted]}; or leave the variant out`,
    });
  if (kind === 'vmdk-text')
    throw new InnkeeperError(
      'invalid',
      'source: the vmdk is a description of other files, which would be read from this host',
      {
        hint: 'make one file of it where it comes from: qemu-img convert -O qcow2 DISK whole.qcow2',
      },
    );
  return { kind, variant };
};

const makeTree = async (
  host: Host,
  paths: Paths,
  file: string,
  kind: TreeKind,
  sha256: string,
  work: Work,
): Promise<Made> => {
  const { trees } = storedLayout(paths);
  const made = treePath(paths, sha256);
  const known = await host.files.readTextIfThere(`${made}/made.json`);
  if (known !== undefined) return JSON.parse(known) as Made;
  await host.files.makeDirectory(trees, 0o700);
  const making = `${trees}/${unfinishedPrefix}${randomUUID()}`;
  await host.files.makeDirectory(making, 0o755);
  try {
    const unpacked = await unpackTree(host, file, kind, making, work);
    await host.files.write(`${making}/made.json`, `${JSON.stringify(unpacked)}\n`);
    await host.files.rename(making, made);
    return unpacked;
  } finally {
    await host.files.remove(making);
  }
};

const makeDisk = async (
  host: Host,
  paths: Paths,
  file: string,
  kind: DiskKind,
  sha256: string,
  work: Work,
): Promise<Made> => {
  const { disks } = storedLayout(paths);
  const made = baseDiskPath(paths, sha256);
  await host.files.makeDirectory(disks.slice(0, disks.lastIndexOf('/')), 0o711);
  await host.files.makeDirectory(disks, 0o711);
  const making = `${disks}/${unfinishedPrefix}${randomUUID()}`;
  await host.files.makeDirectory(making, 0o700);
  try {
    const converted = await convertDisk(host, file, kind, making, work);
    // QEMU's user reads it through its guests' overlays; the folder that it is in can be traversed only.
    await host.files.chmod(`${making}/disk.qcow2`, 0o644);
    if ((await host.files.facts(made)) === undefined) await host.files.rename(`${making}/disk.qcow2`, made);
    return { ...converted, notes: [] };
  } finally {
    await host.files.remove(making);
  }
};

/** Unpacks or converts what was fetched and checked, under another name, and renames it; what is there of this checksum is taken. */
export const makeVariant = (
  host: Host,
  paths: Paths,
  file: string,
  { kind, sha256 }: { readonly kind: FileKind; readonly sha256: string },
  work: Work,
): Promise<Made> =>
  variantOf(kind) === 'disk'
    ? makeDisk(host, paths, file, kind as DiskKind, sha256, work)
    : makeTree(host, paths, file, kind as TreeKind, sha256, work);
