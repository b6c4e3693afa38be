import { createHash } from 'node:crypto';
import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { containerRootFolder } from '../container-root.ts';
import { layout } from '../layout.ts';
import { storedLayout, treePath } from '../stored/record.ts';

/** The tree of an image as it lies on a host. */
export interface HeldImage {
  /** SHA-256: of the file that it was unpacked from, or of what says when and how it was built. */
  readonly identity: string;
  /** Holds `rootfs`, and what is said of it. */
  readonly folder: string;
  readonly entries: readonly string[];
}

const checksum = /^[0-9a-f]{64}$/;
const rootfs = '/rootfs';

/** Names of files beside a tree that say what it is: of one that was built, and of one that was unpacked. */
const told = ['image.json', 'made.json'];

const imageAt = async (host: Host, lower: string): Promise<HeldImage | undefined> => {
  if (!lower.endsWith(rootfs)) return undefined;
  const folder = lower.slice(0, -rootfs.length);
  const names = await host.files.list(folder);
  if (!names.includes('rootfs')) return undefined;
  const entries = ['rootfs', ...told.filter((name) => names.includes(name))];
  const name = folder.slice(folder.lastIndexOf('/') + 1);
  if (checksum.test(name) && folder.includes('/stored/trees/')) return { identity: name, folder, entries };
  const text = await host.files.readTextIfThere(`${folder}/image.json`);
  return text === undefined
    ? undefined
    : { identity: createHash('sha256').update(text).digest('hex'), folder, entries };
};

/** The image that a container stands on. Throws `not_found` without such a root, `unsupported` for a tree that is no image. */
export const imageOfRoot = async (host: Host, paths: Paths, root: string): Promise<HeldImage> => {
  const text = await host.files.readTextIfThere(`${containerRootFolder(paths, root)}/root.json`);
  if (text === undefined)
    throw new InnkeeperError('not_found', `The root of the container ${root} is not on this host`);
  const { lower } = JSON.parse(text) as { readonly lower: string };
  const found = await imageAt(host, lower);
  if (found !== undefined) return found;
  throw new InnkeeperError('unsupported', `What the container ${root} stands on is no image that is known: ${lower}`);
};

/** Trees of images that were built here: those whose recipe an image had, or has. */
const builtTrees = async (host: Host, paths: Paths): Promise<string[]> => {
  const { images } = layout(paths);
  const found: string[] = [];
  for (const name of await host.files.list(images)) {
    if (name === 'stored' || name.startsWith('.')) continue;
    for (const key of await host.files.list(`${images}/${name}`))
      if (!key.includes('.')) found.push(`${images}/${name}/${key}${rootfs}`);
  }
  return found;
};

/** The tree of an image of this identity, whoever has brought it; undefined where the host has none. */
export const findImageTree = async (host: Host, paths: Paths, identity: string): Promise<string | undefined> => {
  const stored = `${treePath(paths, identity)}${rootfs}`;
  if ((await host.files.facts(stored)) !== undefined) return stored;
  for (const lower of await builtTrees(host, paths))
    if ((await imageAt(host, lower))?.identity === identity) return lower;
  return undefined;
};

/** Where a tree is while it is brought for a root: nobody looks at it, and it goes with that root at the latest. */
const comingTree = (paths: Paths, root: string): string => `${storedLayout(paths).trees}/.restoring-${root}`;

export const removeComingTree = (host: Host, paths: Paths, root: string): Promise<void> =>
  host.files.remove(comingTree(paths, root));

/**
 * The tree of an image of this identity, which `fill` brings into a folder where the host has none. It lies among the imported ones, so
 * it goes when nobody stands on it any more, nor wants to.
 */
export const ensureImageTree = async (
  host: Host,
  paths: Paths,
  { root, identity }: { readonly root: string; readonly identity: string },
  fill: (folder: string) => Promise<void>,
): Promise<string> => {
  if (!checksum.test(identity)) throw new InnkeeperError('internal', 'The identity of an image is a SHA-256');
  const there = await findImageTree(host, paths, identity);
  if (there !== undefined) return there;
  const { trees } = storedLayout(paths);
  await host.files.makeDirectory(layout(paths).images, 0o700);
  await host.files.makeDirectory(storedLayout(paths).root, 0o700);
  await host.files.makeDirectory(trees, 0o700);
  const making = comingTree(paths, root);
  await host.files.remove(making);
  await host.files.makeDirectory(making, 0o755);
  try {
    await fill(making);
    if ((await host.files.facts(`${making}${rootfs}`)) === undefined)
      throw new InnkeeperError('host_error', 'The image of the backup holds no tree');
    await host.run(['sync', '--file-system', '--', making]);
    if ((await host.files.facts(treePath(paths, identity))) === undefined)
      await host.files.rename(making, treePath(paths, identity));
  } finally {
    await host.files.remove(making);
  }
  return `${treePath(paths, identity)}${rootfs}`;
};
