import type { Host } from '@innkeeper/host';
import { formatSize, InnkeeperError, type Paths } from '@innkeeper/model';
import type { ReadyImage } from '../image-store.ts';
import { baseDiskPath, readRecord, rootfsOf, type VariantRecord } from './record.ts';

const variantOfName = async (
  host: Host,
  paths: Paths,
  name: string,
  variant: 'rootfs' | 'disk',
): Promise<VariantRecord> => {
  const found = (await readRecord(host, paths, name))?.[variant];
  if (found === undefined)
    throw new InnkeeperError('not_found', `The image ${name} is not on this host as a ${variant}`, {
      hint: 'inn image ls shows what there is; inn image import brings it',
    });
  return found;
};

/** The tree of an imported image. Throws `not_found` where the host has none. */
export const storedRootfs = async (host: Host, paths: Paths, name: string): Promise<ReadyImage> => {
  const { sha256 } = await variantOfName(host, paths, name, 'rootfs');
  return { key: sha256, rootfs: rootfsOf(paths, sha256) };
};

/** The disk of an imported image. Throws `not_found` where the host has none, `invalid` for a guest whose own would be smaller. */
export const storedDisk = async (host: Host, paths: Paths, name: string, sizeBytes: number): Promise<string> => {
  const { sha256, virtualBytes = 0 } = await variantOfName(host, paths, name, 'disk');
  if (virtualBytes > sizeBytes)
    throw new InnkeeperError(
      'invalid',
      `disk: ${formatSize(sizeBytes)} is less than the image ${name} has, ${formatSize(virtualBytes)}`,
      {
        hint: `ask for disk: ${Math.ceil(virtualBytes / 2 ** 30)}GiB or more`,
      },
    );
  return baseDiskPath(paths, sha256);
};
