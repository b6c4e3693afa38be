import { randomUUID } from 'node:crypto';
import { type Host, withHostLock } from '@innkeeper/host';
import { type ImageDefinition, type ImageVariant, InnkeeperError, knownImages, type Paths } from '@innkeeper/model';
import { type BuildOptions, buildRootfs, packCached, unpackCached } from './image-build.ts';
import { imageFolder, layout } from './layout.ts';
import { treeBytes } from './own-bytes.ts';
import { type Recipe, recipeKey, recipeOf } from './recipe.ts';
import { storedNames } from './stored/record.ts';
import { storedDisk, storedRootfs } from './stored/use.ts';

/** An image that is ready on a host. */
export interface ReadyImage {
  readonly key: string;
  readonly rootfs: string;
}

/** What a virtual machine of an image starts from. */
export interface ReadyDisk {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

export interface ImageSettings {
  readonly paths: Paths;
  /** Another Debian archive than the default one. */
  readonly mirror?: string | undefined;
  /** A directory of built trees as tar files, shared by installations and kept when one is purged. */
  readonly cache?: string | undefined;
}

export interface ImageStore {
  /**
   * Builds the tree of an image unless it is there. Callers at the same time share one build. Throws `not_found` for an
   * imported image that the host does not have.
   */
  rootfs(image: ImageDefinition, options?: BuildOptions): Promise<ReadyImage>;
  /** The disk made from the tree, with the distribution's kernel. */
  disk(image: ImageDefinition, options?: BuildOptions): Promise<ReadyDisk>;
  /** Kernel and initrd of any image that is ready; undefined when none is. */
  anyKernel(): Promise<string | undefined>;
  /** The disk that a guest of an imported image begins with. Throws `not_found`, and `invalid` for a smaller one of its own. */
  storedDisk(image: ImageDefinition, sizeBytes: number): Promise<string>;
  /** When an image was built here, and with `measure` the bytes that it takes; undefined when it is not here. */
  built(image: ImageDefinition, measure: boolean): Promise<{ builtAt: string; bytes?: number } | undefined>;
  /** Names of the images that the host has, or has what it makes them of, in a variant. */
  ready(variant: ImageVariant): Promise<string[]>;
  /** Where the tree is or would be; no I/O, so that a plan can name it. */
  rootfsPath(image: ImageDefinition): string;
  diskPaths(image: ImageDefinition): ReadyDisk;
}

/** Room for the packages an administrator adds before the file system is grown at first boot. */
const headroomBytes = 512 * 2 ** 20;

/** Shared by all stores of this process: each driver opens one of its own. */
const running = new Map<string, Promise<unknown>>();

/** One build of a thing at a time; those who ask meanwhile wait for it. */
const oneAtATime = <T>(what: string, build: () => Promise<T>): Promise<T> => {
  const current = running.get(what) as Promise<T> | undefined;
  if (current !== undefined) return current;
  const started = build().finally(() => running.delete(what));
  running.set(what, started);
  return started;
};

export const imageStore = (host: Host, settings: ImageSettings): ImageStore => {
  const { paths } = settings;
  const once = <T>(what: string, build: () => Promise<T>): Promise<T> =>
    oneAtATime(`${host.id} ${paths.state} ${what}`, build);
  /** Another control plane may build on this host as well. Only taken when there is something to build. */
  const alone = async <T>(build: () => Promise<T>): Promise<T> => {
    await host.files.makeDirectory(layout(paths).images, 0o700);
    return withHostLock(host, `${layout(paths).images}/.building`, build);
  };
  const isThere = async (path: string): Promise<boolean> => (await host.files.facts(path)) !== undefined;

  const recipe = (image: ImageDefinition): Recipe => {
    const found = recipeOf(image, settings.mirror);
    if (found === undefined)
      throw new InnkeeperError('unsupported', `${image.name} has no root file system: it is installed from a medium`);
    return found;
  };
  const folderOf = (image: ImageDefinition): string => `${imageFolder(paths, image)}/${recipeKey(recipe(image))}`;
  const rootfsPath = (image: ImageDefinition): string => `${folderOf(image)}/rootfs`;
  const diskPaths = (image: ImageDefinition): ReadyDisk => {
    const key = recipeKey(recipe(image));
    const kernels = `${layout(paths).kernels}/${key}`;
    return {
      disk: `${layout(paths).disks}/base/${key}.qcow2`,
      kernel: `${kernels}/vmlinuz`,
      initrd: `${kernels}/initrd.img`,
    };
  };

  /** Builds beside and renames: a tree under its final name is whole. Leftovers of a killed build go first. */
  const makeRootfs = async (image: ImageDefinition, options: BuildOptions): Promise<void> => {
    const folder = folderOf(image);
    await host.files.makeDirectory(imageFolder(paths, image), 0o700);
    await removeUnfinished(imageFolder(paths, image));
    // A name of its own: what a killed build started may still be writing into the old one.
    const building = `${folder}.building-${randomUUID()}`;
    await host.files.makeDirectory(building, 0o755);
    const archive = settings.cache === undefined ? undefined : `${settings.cache}/${recipeKey(recipe(image))}.tar`;
    const cached = archive !== undefined && (await unpackCached(host, archive, `${building}/rootfs`));
    if (!cached) {
      await buildRootfs(host, recipe(image), `${building}/rootfs`, options);
      if (archive !== undefined && settings.cache !== undefined) {
        await host.files.makeDirectory(settings.cache, 0o700);
        await packCached(host, archive, `${building}/rootfs`);
      }
    }
    await host.files.write(
      `${building}/image.json`,
      `${JSON.stringify({ name: image.name, builtAt: new Date().toISOString(), recipe: recipe(image) }, null, 2)}\n`,
    );
    await host.files.rename(building, folder);
  };

  const removeUnfinished = async (folder: string): Promise<void> => {
    const left = (await host.files.list(folder)).filter((name) => name.includes('.building-'));
    for (const name of left) await host.files.remove(`${folder}/${name}`).catch(() => undefined);
  };

  const ensureRootfs = (image: ImageDefinition, options: BuildOptions = {}): Promise<ReadyImage> =>
    once(`rootfs ${image.name}`, async () => {
      if (!(await isThere(folderOf(image))))
        await alone(async () => {
          if (!(await isThere(folderOf(image)))) await makeRootfs(image, options);
        });
      return { key: recipeKey(recipe(image)), rootfs: rootfsPath(image) };
    });

  const copyKernel = async (rootfs: string, ready: ReadyDisk): Promise<void> => {
    await host.files.makeDirectory(layout(paths).kernels, 0o711);
    await host.files.makeDirectory(ready.kernel.slice(0, ready.kernel.lastIndexOf('/')), 0o755);
    const boot = await host.files.list(`${rootfs}/boot`);
    for (const [prefix, target] of [
      ['vmlinuz-', ready.kernel],
      ['initrd.img-', ready.initrd],
    ] as const) {
      const newest = boot
        .filter((name) => name.startsWith(prefix))
        .sort()
        .at(-1);
      if (newest === undefined)
        throw new InnkeeperError('host_error', `the image at ${rootfs} holds no ${prefix}* in /boot`);
      // Whole or not there, also when another makes it at the same time.
      const copy = `${target}.${randomUUID()}`;
      await host.run(['install', '-m', '0644', '--', `${rootfs}/boot/${newest}`, copy]);
      await host.files.rename(copy, target);
    }
  };

  const makeDisk = async (rootfs: string, ready: ReadyDisk): Promise<void> => {
    const base = `${layout(paths).disks}/base`;
    await host.files.makeDirectory(layout(paths).disks, 0o711);
    await host.files.makeDirectory(base, 0o711);
    // Inodes, journal and block maps of ext4 take about a tenth.
    const bytes = Math.ceil(((await treeBytes(host, rootfs)) * 1.15 + headroomBytes) / 2 ** 20) * 2 ** 20;
    const raw = `${ready.disk}.raw`;
    const building = `${ready.disk}.building`;
    await host.files.remove(raw);
    try {
      await host.run(['truncate', '-s', String(bytes), '--', raw]);
      await host.run(['mkfs.ext4', '-q', '-F', '-L', 'root', '-d', rootfs, raw], { timeoutMs: 600_000 });
      await host.run(['qemu-img', 'convert', '-q', '-f', 'raw', '-O', 'qcow2', raw, building], { timeoutMs: 600_000 });
    } finally {
      await host.files.remove(raw);
    }
    await host.files.chmod(building, 0o644);
    await host.files.rename(building, ready.disk);
  };

  const ensureDisk = async (image: ImageDefinition, options: BuildOptions = {}): Promise<ReadyDisk> => {
    const { rootfs } = await ensureRootfs(image, options);
    return once(`disk ${image.name}`, async () => {
      const ready = diskPaths(image);
      if ((await isThere(ready.initrd)) && (await isThere(ready.disk))) return ready;
      await alone(async () => {
        if (!(await isThere(ready.initrd))) await copyKernel(rootfs, ready);
        if (await isThere(ready.disk)) return;
        options.onProgress?.('making the disk of the image');
        await makeDisk(rootfs, ready);
      });
      return ready;
    });
  };

  const built = (): ImageDefinition[] => knownImages().filter((image) => image.source.kind === 'mmdebstrap');
  const isReady = (image: ImageDefinition): Promise<boolean> => isThere(folderOf(image));

  return {
    rootfs: (image, options) =>
      image.source.kind === 'stored' ? storedRootfs(host, paths, image.name) : ensureRootfs(image, options),
    storedDisk: (image, sizeBytes) => storedDisk(host, paths, image.name, sizeBytes),
    disk: ensureDisk,
    rootfsPath,
    diskPaths,
    anyKernel: async () => {
      for (const image of built()) {
        if (!(await isReady(image))) continue;
        const ready = diskPaths(image);
        if (!(await isThere(ready.kernel)))
          await once(`kernel ${image.name}`, () => copyKernel(rootfsPath(image), ready));
        return ready.kernel;
      }
      return undefined;
    },
    built: async (image, measure) => {
      const text = await host.files.readTextIfThere(`${folderOf(image)}/image.json`);
      if (text === undefined) return undefined;
      const { builtAt } = JSON.parse(text) as { readonly builtAt: string };
      return { builtAt, ...(measure ? { bytes: await treeBytes(host, rootfsPath(image)) } : {}) };
    },
    ready: async (variant) => {
      const found: string[] = [];
      for (const image of built()) if (await isReady(image)) found.push(image.name);
      return [...found, ...(await storedNames(host, paths, variant))];
    },
  };
};
