import { open } from 'node:fs/promises';
import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { z } from 'zod';
import { runConfined } from './confined.ts';
import { checkDiskHead, diskHeadBytes } from './disk-header.ts';
import { requireRoom, type Work } from './work.ts';

export type DiskKind = 'qcow2' | 'vmdk' | 'raw';

/** QEMU's own limits for what it is asked of a stranger's disk are none; OpenStack has taken these for years. */
const infoBounds = { memoryBytes: 2 ** 30, cpuSeconds: 30 };
const convertMemoryBytes = 4 * 2 ** 30;
const convertTimeoutMs = 60 * 60_000;
/** Tables of a larger disk alone would take gigabytes. */
const largestVirtualBytes = 16 * 2 ** 40;

const diskInfo = z.looseObject({
  format: z.string(),
  'virtual-size': z.number(),
  'backing-filename': z.string().optional(),
  'full-backing-filename': z.string().optional(),
  encrypted: z.boolean().optional(),
  'format-specific': z
    .looseObject({
      data: z
        .looseObject({
          'data-file': z.string().optional(),
          extents: z.array(z.looseObject({ filename: z.string().optional() })).optional(),
        })
        .optional(),
    })
    .optional(),
});

export const headOf = async (file: string, bytes: number): Promise<Buffer> => {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
};

const refuse = (what: string): InnkeeperError =>
  new InnkeeperError('invalid', `source: ${what}`, {
    hint: 'make one file of it where it comes from: qemu-img convert -O qcow2 DISK whole.qcow2',
  });

const damaged = (kind: DiskKind, cause: unknown): InnkeeperError =>
  new InnkeeperError('invalid', `source: the ${kind} is damaged: qemu-img cannot read it`, {
    cause,
    hint: 'fetch it anew, and look at its checksum',
  });

const infoOf = async (host: Host, file: string, kind: DiskKind, folder: string) => {
  const { stdout } = await runConfined(host, folder, ['qemu-img', 'info', '-U', '--output=json', '-f', kind, file], {
    bounds: infoBounds,
  }).catch((error: unknown) => {
    throw damaged(kind, error);
  });
  return diskInfo.parse(JSON.parse(stdout));
};

/** What qemu-img says is looked at as well: it may know a way to name a file that the header check does not. */
const checkInfo = (info: z.output<typeof diskInfo>, file: string): void => {
  if (info['backing-filename'] !== undefined || info['full-backing-filename'] !== undefined)
    throw refuse('the disk has a backing file, which would be read from this host');
  const data = info['format-specific']?.data;
  if (data?.['data-file'] !== undefined) throw refuse('the disk has its data in another file');
  if (info.encrypted === true) throw refuse('the disk is encrypted');
  if (data?.extents?.some(({ filename }) => filename !== undefined && filename !== file) === true)
    throw refuse('the disk has extents in other files');
  if (info['virtual-size'] === 0 || info['virtual-size'] > largestVirtualBytes)
    throw refuse(`the disk has ${info['virtual-size']} bytes; up to ${largestVirtualBytes} can be used`);
};

export interface ConvertedDisk {
  readonly bytes: number;
  readonly virtualBytes: number;
}

/**
 * Checks a disk and converts it to `${folder}/disk.qcow2`. Throws `invalid` for one that needs another file than itself,
 * `too_large` beyond the limit. What is in the folder then is the caller's to remove.
 */
export const convertDisk = async (
  host: Host,
  file: string,
  kind: DiskKind,
  folder: string,
  { signal, progress, limitBytes }: Work,
): Promise<ConvertedDisk> => {
  checkDiskHead(kind, await headOf(file, diskHeadBytes));
  progress('looking into the disk');
  const info = await infoOf(host, file, kind, folder);
  checkInfo(info, file);
  const facts = await host.files.facts(file);
  requireRoom('source: converting it', facts?.allocated ?? 0, (await host.files.space(folder)).free, folder);
  progress('converting the disk');
  const made = `${folder}/disk.qcow2`;
  try {
    await runConfined(host, folder, ['qemu-img', 'convert', '-q', '-f', kind, '-O', 'qcow2', file, made], {
      signal,
      timeoutMs: convertTimeoutMs,
      bounds: { memoryBytes: convertMemoryBytes, fileBytes: limitBytes },
    });
  } catch (error) {
    signal.throwIfAborted();
    const size = (await host.files.facts(made))?.size ?? 0;
    if (size < limitBytes - 2 ** 20) throw damaged(kind, error);
    throw new InnkeeperError('too_large', `source: the disk holds more than ${limitBytes} bytes`, {
      hint: 'INNKEEPER_IMAGE_BYTES raises the limit, where the image is to be trusted',
    });
  }
  return { bytes: (await host.files.facts(made))?.allocated ?? 0, virtualBytes: info['virtual-size'] };
};
