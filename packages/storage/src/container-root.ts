import type { Host } from '@innkeeper/host';
import { type ImageDefinition, InnkeeperError, type Paths, uidRangeSize } from '@innkeeper/model';
import type { ImageStore } from './image-store.ts';
import { isMounted, unmountBelow } from './mounts.ts';
import { makePlace, placeFolder, reachFolder, realFolder, removePlace } from './pools/places.ts';
import { poolFor } from './pools/pool.ts';
import { usesSubvolumes } from './pools/probe.ts';
import { limitSubvolume, makeSubvolume } from './pools/subvolumes.ts';
import { programText } from './program.ts';

/** A container's root: an overlay whose lower layer is the shared image with its owners shifted by the mount. */
export interface ContainerRoot {
  /** Also the name of its directory. */
  readonly id: string;
  /** The unshifted image. */
  readonly lower: string;
  /** First host id of the container's range. */
  readonly uidStart: number;
  /** Small files put into the upper layer when it is made, owned by the container's root. Paths without a leading slash. */
  readonly files: Readonly<Record<string, RootFile>>;
  /** The pool that it is to stand in; the state directory when nothing is said. */
  readonly pool?: string | undefined;
  /** The most that it may hold of its own, where its pool keeps limits. */
  readonly limitBytes?: number | undefined;
}

/** A text, readable by everybody in the guest unless it says otherwise. */
export type RootFile = string | { readonly content: string; readonly mode: number };

export const containerRootFolder = (paths: Paths, id: string): string => placeFolder(paths, 'roots', id);
export const containerRootPath = (paths: Paths, id: string): string => `${containerRootFolder(paths, id)}/root`;

/** The program that mounts a container's root from what stands in its folder; its words are the folder and {@link uidRangeSize}. */
export const mountProgram = programText('container-root.pl');

const writeInto = async (host: Host, upper: string, root: ContainerRoot): Promise<void> => {
  for (const [path, content] of Object.entries(root.files)) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = `${upper}/${parts.slice(0, depth).join('/')}`;
      await host.files.makeDirectory(folder, 0o755);
      await host.files.chown(folder, root.uidStart, root.uidStart);
    }
    const [text, mode] = typeof content === 'string' ? [content, 0o644] : [content.content, content.mode];
    await host.files.write(`${upper}/${path}`, text, mode);
    await host.files.chown(`${upper}/${path}`, root.uidStart, root.uidStart);
  }
};

/** Throws `host_error` while the pool that it is in is away; one that is nowhere is not looked for. */
export const reachContainerRoot = (host: Host, paths: Paths, id: string): Promise<string> =>
  reachFolder(host, paths, containerRootFolder(paths, id));

/** Whether the layers are whole. Throws `host_error` while the pool that they are in is away. */
export const isRootThere = async (host: Host, paths: Paths, id: string): Promise<boolean> => {
  const folder = await reachContainerRoot(host, paths, id);
  // Written last, so it tells that the layers are whole.
  return (await host.files.facts(`${folder}/root.json`)) !== undefined;
};

/** Throws `not_found` when the root was never made, `host_error` while its pool is away. */
export const requireRoot = async (host: Host, paths: Paths, id: string): Promise<void> => {
  if (await isRootThere(host, paths, id)) return;
  throw new InnkeeperError('not_found', `The root of the container ${id} is not on this host`);
};

/**
 * Where a container's upper layer and its work directory are: together in a subvolume, which is copied at once, or beside the
 * other layers.
 */
export const layersFolder = async (host: Host, folder: string): Promise<string> =>
  (await host.files.facts(`${folder}/own`)) === undefined ? folder : `${folder}/own`;

/** Makes the folder of a root in its pool, with all that is in it but what the container holds; answers where that is to be. */
export const makeRootFolder = async (
  host: Host,
  paths: Paths,
  { id, pool: name, limitBytes }: Pick<ContainerRoot, 'id' | 'pool' | 'limitBytes'>,
): Promise<string> => {
  const folder = containerRootFolder(paths, id);
  const pool = await poolFor(host, paths, name);
  await makePlace(host, paths, { kind: 'roots', id, pool });
  for (const layer of ['lower', 'root']) await host.files.makeDirectory(`${folder}/${layer}`, 0o755);
  const own = `${folder}/own`;
  if ((await usesSubvolumes(host, pool)) && (await host.files.facts(own)) === undefined) await makeSubvolume(host, own);
  const layers = await layersFolder(host, folder);
  if (layers === own && limitBytes !== undefined) await limitSubvolume(host, own, limitBytes);
  await host.files.makeDirectory(`${layers}/work`, 0o755);
  return layers;
};

/** Makes the layers. Existing ones are kept: a second call after a kill completes the first. */
export const createContainerRoot = async (host: Host, paths: Paths, root: ContainerRoot): Promise<void> => {
  // They may be mounted by now, and read-only.
  if (await isRootThere(host, paths, root.id)) return;
  const upper = `${await makeRootFolder(host, paths, root)}/upper`;
  await host.files.makeDirectory(upper, 0o755);
  await host.files.chown(upper, root.uidStart, root.uidStart);
  await writeInto(host, upper, root);
  const record: RootRecord = { lower: root.lower, uidStart: root.uidStart };
  await host.files.write(`${containerRootFolder(paths, root.id)}/root.json`, `${JSON.stringify(record)}\n`);
};

/** Makes another size the most that a container may hold of its own, where its pool keeps limits. */
export const limitContainerRoot = async (host: Host, paths: Paths, id: string, bytes: number): Promise<void> => {
  const folder = containerRootFolder(paths, id);
  const layers = await layersFolder(host, folder);
  if (layers !== folder) await limitSubvolume(host, layers, bytes);
};

/** Kept beside the layers and read by the program that mounts them: which image a root stands on is settled when it is made, whatever a later version would build. */
interface RootRecord {
  readonly lower: string;
  readonly uidStart: number;
}

/**
 * Mounts lower and overlay where they are not mounted yet. Throws `not_found` when the root was never made, `host_error` while
 * its pool is away.
 */
export const mountContainerRoot = async (host: Host, paths: Paths, id: string): Promise<void> => {
  const folder = await reachContainerRoot(host, paths, id);
  if (await isMounted(host, `${folder}/root`)) return;
  await requireRoot(host, paths, id);
  await host.run(['perl', '-e', await mountProgram(), folder, String(uidRangeSize)]);
};

/** A root over an image of a store: made, and mounted. */
export const prepareContainerRoot = async (
  host: Host,
  paths: Paths,
  images: Pick<ImageStore, 'rootfs'>,
  { image, ...root }: Omit<ContainerRoot, 'lower'> & { readonly image: ImageDefinition },
): Promise<void> => {
  const { rootfs } = await images.rootfs(image);
  await createContainerRoot(host, paths, { ...root, lower: rootfs });
  await mountContainerRoot(host, paths, root.id);
};

const unmountContainerRoot = async (host: Host, paths: Paths, id: string): Promise<void> =>
  unmountBelow(host, await realFolder(host, containerRootFolder(paths, id)));

/** Unmounts and deletes; nothing there is no error. Throws `host_error` while its pool is away. */
export const destroyContainerRoot = async (host: Host, paths: Paths, id: string): Promise<void> => {
  await unmountContainerRoot(host, paths, id);
  await removePlace(host, paths, containerRootFolder(paths, id));
};

/** What is left of it when its container goes: the layers, or nothing. */
export const releaseContainerRoot = (host: Host, paths: Paths, id: string, disks: 'keep' | 'delete'): Promise<void> =>
  disks === 'keep' ? unmountContainerRoot(host, paths, id) : destroyContainerRoot(host, paths, id);
