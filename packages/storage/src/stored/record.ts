import type { Host } from '@innkeeper/host';
import { type ImageVariant, imageVariants, type Paths } from '@innkeeper/model';
import { z } from 'zod';
import { layout } from '../layout.ts';

/** Where a variant came from; enough to fetch it again. */
export const imageSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), path: z.string() }),
  z.object({ kind: z.literal('url'), url: z.string(), validator: z.string().optional() }),
  z.object({ kind: z.literal('workload'), workload: z.string(), snapshot: z.string() }),
  z.object({ kind: z.literal('server'), server: z.string(), image: z.string(), version: z.string() }),
]);
export type ImageSourceRecord = z.output<typeof imageSource>;

const variantRecord = z.object({
  /** Of what was fetched, and the name of what was made of it. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Bytes that it takes on the disk of its host. */
  bytes: z.number(),
  /** Of a disk: bytes that a guest sees. */
  virtualBytes: z.number().optional(),
  fetchedAt: z.iso.datetime(),
  source: imageSource,
  /** Whether somebody said the checksum: another one would not be what was asked for. */
  pinned: z.boolean(),
  /** What was not taken over, as sentences. */
  notes: z.array(z.string()),
});
export type VariantRecord = z.output<typeof variantRecord>;

const imageRecord = z.object({
  name: z.string(),
  rootfs: variantRecord.optional(),
  disk: variantRecord.optional(),
});
export type ImageRecord = z.output<typeof imageRecord>;

/** Where imported images are: records by name, trees by checksum, disks beside those that are built, what is on its way. */
export const storedLayout = (paths: Paths) => {
  const root = `${layout(paths).images}/stored`;
  return {
    root,
    records: `${root}/names`,
    trees: `${root}/trees`,
    parts: `${root}/parts`,
    lock: `${root}/.lock`,
    disks: `${layout(paths).disks}/base`,
  };
};

const recordPath = (paths: Paths, name: string): string =>
  `${storedLayout(paths).records}/${encodeURIComponent(name)}.json`;

export const treePath = (paths: Paths, sha256: string): string => `${storedLayout(paths).trees}/${sha256}`;
export const rootfsOf = (paths: Paths, sha256: string): string => `${treePath(paths, sha256)}/rootfs`;
/** Its name ends in .qcow2 for AppArmor's virt-aa-helper, as those of guests do. */
export const baseDiskPath = (paths: Paths, sha256: string): string => `${storedLayout(paths).disks}/${sha256}.qcow2`;

const parsed = (text: string | undefined): ImageRecord | undefined => {
  if (text === undefined) return undefined;
  try {
    return imageRecord.parse(JSON.parse(text));
  } catch {
    // Of a later version, or damaged: what cannot be read is not there.
    return undefined;
  }
};

export const readRecord = async (host: Host, paths: Paths, name: string): Promise<ImageRecord | undefined> =>
  parsed(await host.files.readTextIfThere(recordPath(paths, name)));

/** Those of a host, by name. */
export const readRecords = async (host: Host, paths: Paths): Promise<ImageRecord[]> => {
  const { records } = storedLayout(paths);
  const files = (await host.files.list(records)).filter((file) => file.endsWith('.json') && !file.startsWith('.'));
  const texts = await host.files.readTexts(files.map((file) => `${records}/${file}`));
  return texts.flatMap((text) => parsed(text) ?? []).sort((a, b) => (a.name < b.name ? -1 : 1));
};

/** Written beside and renamed: an image is there as a whole from this moment on. */
export const writeRecord = async (host: Host, paths: Paths, record: ImageRecord): Promise<void> => {
  await host.files.makeDirectory(storedLayout(paths).records, 0o700);
  await host.files.write(recordPath(paths, record.name), `${JSON.stringify(record, null, 2)}\n`);
};

export const removeRecord = (host: Host, paths: Paths, name: string): Promise<void> =>
  host.files.remove(recordPath(paths, name));

/** Names of imported images that a host has in this variant. */
export const storedNames = async (host: Host, paths: Paths, variant: ImageVariant): Promise<string[]> =>
  (await readRecords(host, paths)).filter((one) => one[variant] !== undefined).map(({ name }) => name);

/** Checksums that any image of a host refers to, by variant. */
export const checksumsInUse = (records: readonly ImageRecord[]): Record<ImageVariant, ReadonlySet<string>> => {
  const of = (variant: ImageVariant) => new Set(records.flatMap((one) => one[variant]?.sha256 ?? []));
  return { rootfs: of(imageVariants[0]), disk: of(imageVariants[1]) };
};
