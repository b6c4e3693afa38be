import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { comingFile, destroyGuestDisk, guestDiskFolder, guestDiskPath, reachGuestDisk } from '../disk.ts';
import type { MachineState } from '../machine-parts.ts';
import { type MachineSnapshotRef, machineSnapshotFolder, removeMachineSnapshot } from '../machine-snapshots.ts';
import { makePlace } from '../pools/places.ts';
import { poolFor } from '../pools/pool.ts';
import { seedDiskPath } from '../seed.ts';
import { longestMs } from '../snapshot-folder.ts';
import { destroyVolumes, volumeDiskPath } from '../volumes.ts';
import { ensureMachineImage, removeComingImage } from './machine-image.ts';
import { emptyBacking, requirePlainDisk, setBacking } from './received-disk.ts';

/** Files that a program sees in its working directory. */
export interface FolderView {
  /** A program that runs another, which follows these words. */
  readonly words: readonly string[];
  /** What it sees there. */
  readonly entries: readonly string[];
}

/** The copy of a machine that a backup is made of. */
export const machineMoment = (machine: string, id: string): MachineSnapshotRef => ({ machine, id, among: 'moments' });

/** What a program is told that is to work in a folder. */
const inFolder = (folder: string): readonly string[] => ['env', `--chdir=${folder}`];

/** All that a machine may have of its own, by its name in a copy. */
const held = { disk: 'disk.qcow2', volumes: 'volumes', nvram: 'nvram', tpm: 'tpm', seed: 'seed.iso' } as const;

const volumeFile = /^([^.]+)\.qcow2$/;

/** Names of the volumes that are in a copy. */
export const volumesOfMachineMoment = async (
  host: Host,
  paths: Paths,
  machine: string,
  id: string,
): Promise<readonly string[]> =>
  (await host.files.list(`${machineSnapshotFolder(paths, machineMoment(machine, id))}/${held.volumes}`))
    .flatMap((file) => volumeFile.exec(file)?.[1] ?? [])
    .sort();

/** A copy that is whole, as a program reads it, with texts beside it. Throws `not_found` without one. */
export const viewMachineMoment = async (
  host: Host,
  paths: Paths,
  {
    machine,
    id,
    beside,
  }: { readonly machine: string; readonly id: string; readonly beside: Readonly<Record<string, string>> },
): Promise<FolderView> => {
  await reachGuestDisk(host, paths, machine);
  const folder = machineSnapshotFolder(paths, machineMoment(machine, id));
  const there = await host.files.list(folder);
  if (!there.includes(held.disk))
    throw new InnkeeperError('not_found', `The copy of what the machine ${machine} held is not on this host`);
  for (const [name, text] of Object.entries(beside)) await host.files.write(`${folder}/${name}`, text, 0o600);
  return {
    words: inFolder(folder),
    entries: [...Object.keys(beside), ...Object.values(held).filter((name) => there.includes(name))],
  };
};

/** Whole or half; nothing there is no error. */
export const removeMachineMoment = async (host: Host, paths: Paths, machine: string, id: string): Promise<void> => {
  await removeMachineSnapshot(host, paths, machineMoment(machine, id));
  const folder = `${guestDiskFolder(paths, machine)}/moments`;
  if ((await host.files.facts(folder)) !== undefined && (await host.files.list(folder)).length === 0)
    await host.files.remove(folder);
};

/** A machine that is to be made of what another one held, on this host or another, when it was backed up. */
export interface ReceivedMachine {
  readonly id: string;
  /** Names of its volumes. */
  readonly volumes: readonly string[];
  /** Of the image that its disk is an overlay of; undefined for one that began empty. */
  readonly image: string | undefined;
  readonly pool?: string | undefined;
  /** Where it is to keep the rest. */
  readonly state: MachineState;
  /** Whether it becomes somebody else: what the other one was told at its first boot is not told to it. */
  readonly fresh: boolean;
}

/** Bring what is to be where a program finds it. */
export interface BringingMachine {
  readonly image: (folder: string) => Promise<void>;
  readonly held: (view: FolderView) => Promise<void>;
}

/** The folder in which nothing stays. */
const receivedFolder = (paths: Paths, id: string): string => `${guestDiskFolder(paths, id)}/received`;

const clearReceived = async (host: Host, paths: Paths, id: string): Promise<void> => {
  await host.files.remove(receivedFolder(paths, id));
  await host.files.remove(comingFile(paths, id));
};

const toDisk = (host: Host, path: string): Promise<unknown> =>
  host.run(['sync', '--file-system', '--', path], { timeoutMs: longestMs });

/** Owners are libvirt's to give when the machine starts. */
const ownByRoot = async (host: Host, path: string): Promise<void> => {
  await host.files.chown(path, 0, 0);
  await host.files.chmod(path, 0o600);
};

/** From one file system to another, and there under its name when it is whole. */
const moveSmall = async (
  host: Host,
  from: string,
  to: string | undefined,
  kind: 'file' | 'directory',
): Promise<void> => {
  if (to === undefined || (await host.files.facts(from))?.kind !== kind) return;
  const beside = `${to}.new`;
  await host.files.remove(beside);
  await host.run(['cp', '-R', '-P', '-T', '--preserve=mode,ownership,timestamps,links', '--', from, beside]);
  if (kind === 'file') await ownByRoot(host, beside);
  await toDisk(host, beside);
  await host.files.remove(to);
  await host.files.rename(beside, to);
};

const putVolumes = async (host: Host, paths: Paths, { id, volumes, pool }: ReceivedMachine): Promise<void> => {
  const folder = `${receivedFolder(paths, id)}/${held.volumes}`;
  if (volumes.length === 0) return;
  await makePlace(host, paths, { kind: 'volumes', id, pool: await poolFor(host, paths, pool) });
  if ((await host.files.facts(folder))?.kind !== 'directory')
    throw new InnkeeperError('host_error', 'The backup cannot be brought back: its volumes are not in it');
  for (const name of volumes) {
    const [from, to] = [`${folder}/${name}.qcow2`, volumeDiskPath(paths, id, name)];
    await requirePlainDisk(host, from, `the volume ${name}`);
    await emptyBacking(host, from);
    await ownByRoot(host, from);
    // Where its pool has volumes on another file system this copies.
    await host.run(['mv', '-f', '-T', '--', from, `${to}.new`], { timeoutMs: longestMs });
    await toDisk(host, `${to}.new`);
    await host.files.rename(`${to}.new`, to);
  }
};

/**
 * Makes disk and volumes of a machine, what firmware and TPM remember, and its image where the host does not have it. Repeated it begins
 * anew until all is there, and changes nothing then. Throws `host_error` for a disk that is none of a backup of ours.
 */
export const receiveMachine = async (
  host: Host,
  paths: Paths,
  machine: ReceivedMachine,
  bring: BringingMachine,
): Promise<void> => {
  const { id, image, state } = machine;
  await makePlace(host, paths, { kind: 'disks', id, pool: await poolFor(host, paths, machine.pool) });
  const disk = guestDiskPath(paths, id);
  // The disk comes last.
  if ((await host.files.facts(disk)) !== undefined) return clearReceived(host, paths, id);
  await host.files.write(comingFile(paths, id), `${JSON.stringify({ image: image ?? null })}\n`);
  const base =
    image === undefined
      ? undefined
      : await ensureMachineImage(host, paths, { machine: id, identity: image }, bring.image);
  const received = receivedFolder(paths, id);
  await host.files.remove(received);
  await host.files.makeDirectory(received, 0o700);
  await bring.held({ words: inFolder(received), entries: Object.values(held) });
  const from = `${received}/${held.disk}`;
  await requirePlainDisk(host, from, 'its disk');
  await (base === undefined ? emptyBacking(host, from) : setBacking(host, from, base));
  await ownByRoot(host, from);
  await putVolumes(host, paths, machine);
  await moveSmall(host, `${received}/${held.nvram}`, state.nvram, 'file');
  await moveSmall(host, `${received}/${held.tpm}`, state.tpm, 'directory');
  if (!machine.fresh) await moveSmall(host, `${received}/${held.seed}`, seedDiskPath(paths, id), 'file');
  await toDisk(host, from);
  await host.files.rename(from, disk);
  await clearReceived(host, paths, id);
};

/** Whole or half; nothing there is no error. */
export const removeReceivedMachine = async (
  host: Host,
  paths: Paths,
  { id, state }: Pick<ReceivedMachine, 'id' | 'state'>,
): Promise<void> => {
  await removeComingImage(host, paths, id);
  for (const path of [state.nvram, state.tpm])
    if (path !== undefined) for (const one of [path, `${path}.new`]) await host.files.remove(one);
  await destroyGuestDisk(host, paths, id);
  await destroyVolumes(host, paths, id);
};
