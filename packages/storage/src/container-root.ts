import type { Host } from '@innkeeper/host';
import { type ImageDefinition, InnkeeperError, type Paths, uidRangeSize } from '@innkeeper/model';
import type { ImageStore } from './image-store.ts';
import { layout } from './layout.ts';
import { isMounted, unmountBelow } from './mounts.ts';
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
}

/** A text, readable by everybody in the guest unless it says otherwise. */
export type RootFile = string | { readonly content: string; readonly mode: number };

export const containerRootFolder = (paths: Paths, id: string): string => `${layout(paths).roots}/${id}`;
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

/** Makes the layers. Existing ones are kept: a second call after a kill completes the first. */
export const createContainerRoot = async (host: Host, paths: Paths, root: ContainerRoot): Promise<void> => {
  const folder = containerRootFolder(paths, root.id);
  // Written last, so it tells that the layers are whole. They may be mounted by now, and read-only.
  if ((await host.files.facts(`${folder}/root.json`)) !== undefined) return;
  await host.files.makeDirectory(layout(paths).roots, 0o711);
  await host.files.makeDirectory(folder, 0o711);
  for (const name of ['lower', 'upper', 'work', 'root']) await host.files.makeDirectory(`${folder}/${name}`, 0o755);
  await host.files.chown(`${folder}/upper`, root.uidStart, root.uidStart);
  await writeInto(host, `${folder}/upper`, root);
  const record: RootRecord = { lower: root.lower, uidStart: root.uidStart };
  await host.files.write(`${folder}/root.json`, `${JSON.stringify(record)}\n`);
};

/** Kept beside the layers and read by the program that mounts them: which image a root stands on is settled when it is made, whatever a later version would build. */
interface RootRecord {
  readonly lower: string;
  readonly uidStart: number;
}

/** Mounts lower and overlay where they are not mounted yet. Throws `not_found` when the root was never made. */
export const mountContainerRoot = async (host: Host, paths: Paths, id: string): Promise<void> => {
  const folder = containerRootFolder(paths, id);
  if (await isMounted(host, `${folder}/root`)) return;
  if ((await host.files.facts(`${folder}/root.json`)) === undefined)
    throw new InnkeeperError('not_found', `The root of the container ${id} is not on this host`);
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

/** Unmounts and deletes; nothing there is no error. */
export const destroyContainerRoot = async (host: Host, paths: Paths, id: string): Promise<void> => {
  const folder = containerRootFolder(paths, id);
  await unmountBelow(host, folder);
  await host.files.remove(folder);
};

const unmountContainerRoot = (host: Host, paths: Paths, id: string): Promise<void> =>
  unmountBelow(host, containerRootFolder(paths, id));

/** What is left of it when its container goes: the layers, or nothing. */
export const releaseContainerRoot = (host: Host, paths: Paths, id: string, disks: 'keep' | 'delete'): Promise<void> =>
  disks === 'keep' ? unmountContainerRoot(host, paths, id) : destroyContainerRoot(host, paths, id);
