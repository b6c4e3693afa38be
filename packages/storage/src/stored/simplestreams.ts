import { type ImageVariant, InnkeeperError } from '@innkeeper/model';
import { z } from 'zod';

/** An item of a server: one file of one version of one image. Sizes in bytes. */
const item = z.looseObject({
  ftype: z.string(),
  path: z.string(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  size: z.number().optional(),
});

const product = z.looseObject({
  aliases: z.string().optional(),
  arch: z.string(),
  os: z.string().optional(),
  release_title: z.string().optional(),
  versions: z.record(z.string(), z.looseObject({ items: z.record(z.string(), z.unknown()) })),
});

/** `streams/v1/index.json`. [LXD, reference/image_format and shared/simplestreams; cloud-init's simplestreams documents] */
export const streamsIndex = z.looseObject({
  index: z.record(
    z.string(),
    z.looseObject({ datatype: z.string().optional(), path: z.string(), products: z.array(z.string()).optional() }),
  ),
});

/** The file of products that an index names. */
export const streamsProducts = z.looseObject({ products: z.record(z.string(), z.unknown()) });

export interface ServerFile {
  readonly variant: ImageVariant;
  readonly url: string;
  readonly sha256: string;
  readonly size: number | undefined;
  readonly version: string;
}

/**
 * What can be used, best first: of trees one that has less to unpack around it, of disks the one that there is. The names are
 * those that Canonical's and the Linux containers' servers publish.
 */
const ftypes: Readonly<Record<ImageVariant, readonly string[]>> = {
  rootfs: ['root.tar.xz', 'squashfs', 'lxd_combined.tar.gz', 'incus_combined.tar.gz'],
  disk: ['disk-kvm.img', 'disk1.img'],
};

/** As servers call them. */
const debianArch: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

const wrong = (server: string, what: string): InnkeeperError =>
  new InnkeeperError('invalid', `server: ${server}: ${what}`, {
    hint: 'the address of a simplestreams server is needed: it has streams/v1/index.json',
  });

/** Below the server, whatever its lists say. Throws `invalid` for a path that leads elsewhere. */
export const below = (server: string, path: string): string => {
  const base = server.endsWith('/') ? server : `${server}/`;
  const url = new URL(path, base);
  if (!url.href.startsWith(base) || path.startsWith('/') || path.split('/').includes('..'))
    throw wrong(server, `it names a file outside of itself, ${JSON.stringify(path.slice(0, 120))}`);
  return url.href;
};

type Product = z.output<typeof product>;

const aliasesOf = (id: string, { aliases = '' }: Product): string[] => [
  id,
  ...aliases.split(',').map((alias) => alias.trim()),
];

const fileOf = (server: string, versions: Product['versions'], variant: ImageVariant): ServerFile | undefined => {
  // Versions are dates, such as 20260102_05:24: the last in order is the newest.
  for (const version of Object.keys(versions).sort().reverse()) {
    const items = Object.values(versions[version]?.items ?? {}).flatMap((one) => item.safeParse(one).data ?? []);
    for (const ftype of ftypes[variant]) {
      const found = items.find((one) => one.ftype === ftype && one.sha256 !== undefined);
      if (found?.sha256 === undefined) continue;
      return { variant, url: below(server, found.path), sha256: found.sha256, size: found.size, version };
    }
  }
  return undefined;
};

const variantName: Readonly<Record<ImageVariant, string>> = { rootfs: 'container', disk: 'virtual machine' };

/**
 * The newest file of an image for the machine's architecture (as `uname -m` says it); a tree unless a disk is asked for, or all
 * that there is. Throws `not_found` naming images that are called alike.
 */
export const chooseFile = (
  server: string,
  lists: readonly z.output<typeof streamsProducts>[],
  wanted: { readonly image: string; readonly machine: string; readonly variant?: ImageVariant | undefined },
): ServerFile => {
  const arch = debianArch[wanted.machine] ?? wanted.machine;
  const products = lists
    .flatMap(({ products: all }) => Object.entries(all))
    .flatMap(([id, one]): [string, Product][] => {
      const read = product.safeParse(one);
      return read.success && read.data.arch === arch ? [[id, read.data]] : [];
    });
  const named = products.filter(([id, one]) => aliasesOf(id, one).includes(wanted.image));
  if (named.length === 0) {
    const [first = ''] = wanted.image.split('/');
    const alike = products
      .flatMap(([, one]) => (one.aliases ?? '').split(',').slice(0, 1))
      .filter((alias) => alias.startsWith(first));
    throw new InnkeeperError(
      'not_found',
      `image: ${server} has no ${JSON.stringify(wanted.image.slice(0, 80))} for ${arch}`,
      {
        hint:
          alike.length === 0
            ? `it has ${products.length} images for ${arch}; its streams/v1 lists name them`
            : `it has ${[...new Set(alike)].sort().slice(0, 12).join(', ')}`,
      },
    );
  }
  const variants: readonly ImageVariant[] = wanted.variant === undefined ? ['rootfs', 'disk'] : [wanted.variant];
  for (const variant of variants)
    for (const [, { versions }] of named) {
      const file = fileOf(server, versions, variant);
      if (file !== undefined) return file;
    }
  throw new InnkeeperError(
    'not_found',
    `image: ${server} has ${wanted.image} in no form that can be used for a ${variants.map((one) => variantName[one]).join(' or a ')}`,
    { hint: `usable are ${variants.flatMap((one) => ftypes[one]).join(', ')}, each with a sha256` },
  );
};
