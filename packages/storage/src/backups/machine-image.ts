import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { guestDiskPath, reachGuestDisk } from '../disk.ts';
import type { ReadyDisk } from '../image-store.ts';
import { layout } from '../layout.ts';
import { longestMs } from '../snapshot-folder.ts';
import { baseDiskPath, storedLayout } from '../stored/record.ts';
import type { HeldImage } from './image.ts';
import { emptyBacking, requirePlainDisk } from './received-disk.ts';

/** Names of what a machine starts from when its disk has no boot loader, in a folder that is called as the disk of its image. */
const kernelFiles = { kernel: 'vmlinuz', initrd: 'initrd.img' } as const;

const checksum = /^[0-9a-f]{64}$/;
/** What has another dot is on its way. */
const diskName = /^([^.]+)\.qcow2$/;

const kernelFolder = (paths: Paths, base: string): string => `${layout(paths).kernels}/${base}`;

const kernelOf = async (
  host: Host,
  paths: Paths,
  base: string,
): Promise<Pick<ReadyDisk, 'kernel' | 'initrd'> | undefined> => {
  const names = await host.files.list(kernelFolder(paths, base));
  if (!names.includes(kernelFiles.kernel) || !names.includes(kernelFiles.initrd)) return undefined;
  const folder = kernelFolder(paths, base);
  return { kernel: `${folder}/${kernelFiles.kernel}`, initrd: `${folder}/${kernelFiles.initrd}` };
};

/** What the disk is called that a machine's own is an overlay of; undefined for one that began empty. */
const baseOf = async (host: Host, paths: Paths, machine: string): Promise<string | undefined> => {
  await reachGuestDisk(host, paths, machine);
  const path = guestDiskPath(paths, machine);
  if ((await host.files.facts(path)) === undefined)
    throw new InnkeeperError('not_found', `The disk of the machine ${machine} is not on this host`);
  const { stdout } = await host.run(['qemu-img', 'info', '--force-share', '--output=json', '-f', 'qcow2', path]);
  const below = (JSON.parse(stdout) as { readonly 'backing-filename'?: string })['backing-filename'];
  if (below === undefined) return undefined;
  const folder = `${storedLayout(paths).disks}/`;
  const base = below.startsWith(folder) ? diskName.exec(below.slice(folder.length))?.[1] : undefined;
  if (base !== undefined && !base.includes('/')) return base;
  throw new InnkeeperError('unsupported', `What the machine ${machine} stands on is no image that is known: ${below}`);
};

/** Of an imported one the file that it was made of; of one that was built here what it holds: another build has other file systems. */
const identityOf = async (host: Host, paths: Paths, base: string): Promise<string> => {
  if (checksum.test(base)) return base;
  const words = ['sha256sum', '--', baseDiskPath(paths, base)];
  return (await host.run(words, { timeoutMs: longestMs })).stdout.slice(0, 64);
};

/**
 * The image that a machine's disk is an overlay of, with the kernel that belongs to it; undefined for a disk that began empty. Throws
 * `not_found` without such a disk, `unsupported` for one that stands on no image.
 */
export const imageOfMachine = async (host: Host, paths: Paths, machine: string): Promise<HeldImage | undefined> => {
  const base = await baseOf(host, paths, machine);
  if (base === undefined) return undefined;
  const kernel = await kernelOf(host, paths, base);
  const files = [baseDiskPath(paths, base), ...(kernel === undefined ? [] : [kernel.kernel, kernel.initrd])];
  return {
    identity: await identityOf(host, paths, base),
    folder: paths.state,
    entries: files.map((file) => file.slice(paths.state.length + 1)),
  };
};

/** What a machine starts from besides its disk; undefined for one whose disk starts by itself. */
export const kernelOfMachine = async (
  host: Host,
  paths: Paths,
  machine: string,
): Promise<Pick<ReadyDisk, 'kernel' | 'initrd'> | undefined> => {
  const base = await baseOf(host, paths, machine);
  return base === undefined ? undefined : kernelOf(host, paths, base);
};

/** The disk of an image of this identity, whoever has brought it; undefined where the host has none. */
const findDisk = async (host: Host, paths: Paths, identity: string): Promise<string | undefined> => {
  const names = (await host.files.list(storedLayout(paths).disks)).flatMap((file) => diskName.exec(file)?.[1] ?? []);
  if (names.includes(identity)) return baseDiskPath(paths, identity);
  for (const name of names.filter((one) => !checksum.test(one)))
    if ((await identityOf(host, paths, name)) === identity) return baseDiskPath(paths, name);
  return undefined;
};

/** Where an image is while it is brought for a machine: nobody looks at it, and it goes with that machine at the latest. */
const comingFolder = (paths: Paths, machine: string): string => `${storedLayout(paths).disks}/.restoring-${machine}`;

export const removeComingImage = (host: Host, paths: Paths, machine: string): Promise<void> =>
  host.files.remove(comingFolder(paths, machine));

/** Below where they were on their host there is one disk, and one folder with a kernel or none. */
const keepImage = async (host: Host, paths: Paths, coming: string, identity: string): Promise<void> => {
  const broken = () => new InnkeeperError('host_error', 'The image of the backup holds no disk');
  const within = { disks: `${coming}/disks/base`, kernels: `${coming}/kernels` };
  for (const folder of [`${coming}/disks`, within.disks])
    if ((await host.files.facts(folder))?.kind !== 'directory') throw broken();
  const [disk, ...more] = await host.files.list(within.disks);
  if (disk === undefined || more.length > 0) throw broken();
  await requirePlainDisk(host, `${within.disks}/${disk}`, 'the image');
  await emptyBacking(host, `${within.disks}/${disk}`);
  await host.files.chmod(`${within.disks}/${disk}`, 0o644);
  if ((await host.files.facts(within.kernels))?.kind === 'directory')
    await keepKernel(host, paths, within.kernels, identity);
  await host.run(['sync', '--file-system', '--', coming], { timeoutMs: longestMs });
  // Last: a disk that is there has its kernel.
  const to = baseDiskPath(paths, identity);
  if ((await host.files.facts(to)) === undefined) await host.files.rename(`${within.disks}/${disk}`, to);
};

const keepKernel = async (host: Host, paths: Paths, folder: string, identity: string): Promise<void> => {
  const [name, ...more] = await host.files.list(folder);
  const to = kernelFolder(paths, identity);
  if (name === undefined || more.length > 0 || (await host.files.facts(to)) !== undefined) return;
  const from = `${folder}/${name}`;
  const files = Object.values(kernelFiles).map((file) => `${from}/${file}`);
  for (const [path, kind] of [[from, 'directory'], ...files.map((file) => [file, 'file'] as const)] as const)
    if ((await host.files.facts(path))?.kind !== kind)
      throw new InnkeeperError('host_error', 'The image of the backup holds half of a kernel');
  await host.files.chmod(from, 0o755);
  for (const file of files) await host.files.chmod(file, 0o644);
  await host.files.makeDirectory(layout(paths).kernels, 0o711);
  await host.run(['sync', '--file-system', '--', from], { timeoutMs: longestMs });
  await host.files.rename(from, to);
};

/**
 * The disk of an image of this identity, which `fill` brings into a folder with its kernel where the host has none. It lies among the
 * imported ones, so it goes when nobody stands on it any more, nor wants to.
 */
export const ensureMachineImage = async (
  host: Host,
  paths: Paths,
  { machine, identity }: { readonly machine: string; readonly identity: string },
  fill: (folder: string) => Promise<void>,
): Promise<string> => {
  if (!checksum.test(identity)) throw new InnkeeperError('internal', 'The identity of an image is a SHA-256');
  const there = await findDisk(host, paths, identity);
  if (there !== undefined) return there;
  // Whoever takes images away looks for this one.
  for (const folder of [layout(paths).images, storedLayout(paths).root]) await host.files.makeDirectory(folder, 0o700);
  for (const folder of [layout(paths).disks, storedLayout(paths).disks]) await host.files.makeDirectory(folder, 0o711);
  const coming = comingFolder(paths, machine);
  await host.files.remove(coming);
  await host.files.makeDirectory(coming, 0o700);
  try {
    await fill(coming);
    await keepImage(host, paths, coming, identity);
  } finally {
    await host.files.remove(coming);
  }
  return baseDiskPath(paths, identity);
};
