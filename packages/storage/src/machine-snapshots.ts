import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { guestDiskFolder as folderOf, reachGuestDisk } from './disk.ts';
import {
  diskParts,
  type MachineState,
  type Part,
  refuseBusy,
  requireDisk,
  smallParts,
  snapshotsFolder,
} from './machine-parts.ts';
import { programText } from './program.ts';
import { seedDiskPath } from './seed.ts';
import {
  busyCode,
  type ListedSnapshot,
  listSnapshotFolder,
  longestMs,
  requireSnapshotId,
  type SnapshotNote,
} from './snapshot-folder.ts';
import { changeSnapshotNote, type SnapshotWords } from './snapshot-note.ts';
import { volumesFolder } from './volumes.ts';

const snapshotProgram = programText('machine-parts.pl', 'machine-snapshots.pl');

/** A snapshot of a machine: its folder beside the machine's own disk is called by `id`, which no user chooses. */
export interface MachineSnapshotRef {
  /** Of the machine. */
  readonly machine: string;
  readonly id: string;
  /** Moments are copies that somebody reads and takes away again: no list has them. */
  readonly among?: 'snapshots' | 'moments';
}

/** Where a snapshot lies that is whole. Throws `internal` for an id that is none. */
export const machineSnapshotFolder = (
  paths: Paths,
  { machine, id, among = 'snapshots' }: MachineSnapshotRef,
): string => {
  requireSnapshotId(id);
  return `${folderOf(paths, machine)}/${among}/${id}`;
};

const partsOf = async (host: Host, paths: Paths, ref: MachineSnapshotRef, state: MachineState): Promise<Part[]> => [
  ...(await diskParts(host, paths, ref.machine, `${machineSnapshotFolder(paths, ref)}/volumes`)),
  ...smallParts(state),
];

type Action = 'copy' | 'copy-held' | 'keep' | 'swap' | 'back' | 'clear' | 'drop' | 'remove';

const perform = async (
  host: Host,
  paths: Paths,
  { machine, id, among = 'snapshots' }: MachineSnapshotRef,
  action: Action,
  { parts = [], input = '' }: { readonly parts?: readonly Part[]; readonly input?: string } = {},
): Promise<void> => {
  requireSnapshotId(id);
  const words = parts.flatMap(({ kind, key, path }) => [kind, key, path]);
  const argv = ['perl', '-e', await snapshotProgram(), folderOf(paths, machine), `${among}/${id}`, action, ...words];
  await refuseBusy(host.run(argv, { input, timeoutMs: longestMs, expect: [0, busyCode] }));
};

const isThere = async (host: Host, paths: Paths, machine: string): Promise<boolean> => {
  await reachGuestDisk(host, paths, machine);
  return (await host.files.facts(folderOf(paths, machine))) !== undefined;
};

export interface MachineCopy {
  readonly note: SnapshotNote;
  readonly state: MachineState;
  /** Whether QEMU has the disks open, and stands still; otherwise nobody may, and nobody can start it meanwhile. */
  readonly held: boolean;
}

/**
 * Copies what the machine has of its own. Half of a snapshot until it is kept; nothing of it is left when it fails. Throws `not_found`
 * without a disk, `conflict` where somebody writes into one of a machine that does not run. Repeated after `keep` it changes nothing.
 */
export const copyMachineSnapshot = async (
  host: Host,
  paths: Paths,
  ref: MachineSnapshotRef,
  { note, state, held }: MachineCopy,
): Promise<void> => {
  await requireDisk(host, paths, ref.machine);
  const disks = await diskParts(host, paths, ref.machine, volumesFolder(paths, ref.machine));
  const seed: Part = { kind: 'file', key: 'seed.iso', path: seedDiskPath(paths, ref.machine) };
  // What it was told at its first boot stays with it while it goes back to a snapshot.
  const parts = [...disks, ...smallParts(state), ...(ref.among === 'moments' ? [seed] : [])];
  await perform(host, paths, ref, held ? 'copy-held' : 'copy', { parts, input: `${JSON.stringify(note)}\n` });
};

/** From here on it is there, also after a power cut. */
export const keepMachineSnapshot = (host: Host, paths: Paths, ref: MachineSnapshotRef): Promise<void> =>
  perform(host, paths, ref, 'keep');

export const isMachineSnapshotKept = async (host: Host, paths: Paths, ref: MachineSnapshotRef): Promise<boolean> => {
  const folder = machineSnapshotFolder(paths, ref);
  await reachGuestDisk(host, paths, ref.machine);
  return (await host.files.facts(folder)) !== undefined;
};

/** Waits for a copy that somebody who was killed has begun, and deletes half of a snapshot; one that is whole stays. */
export const dropHalfMachineSnapshot = async (host: Host, paths: Paths, ref: MachineSnapshotRef): Promise<void> => {
  if (await isThere(host, paths, ref.machine)) await perform(host, paths, ref, 'drop');
};

/** Whole or half; nothing there, not even the machine's folder, is no error. */
export const removeMachineSnapshot = async (host: Host, paths: Paths, ref: MachineSnapshotRef): Promise<void> => {
  if (await isThere(host, paths, ref.machine)) await perform(host, paths, ref, 'remove');
};

/**
 * The machine, which does not run, has again what it had; what it had until now is kept beside it. A disk that has grown since is as
 * large as it is now. Volumes that came later stay as they are. Throws `not_found` without such a snapshot, `conflict` where somebody
 * writes into a disk.
 */
export const swapMachineSnapshot = async (
  host: Host,
  paths: Paths,
  ref: MachineSnapshotRef,
  state: MachineState,
): Promise<void> => {
  if (!(await isMachineSnapshotKept(host, paths, ref)))
    throw new InnkeeperError('not_found', `The snapshot ${ref.id} is not on this host`);
  await perform(host, paths, ref, 'swap', { parts: await partsOf(host, paths, ref, state) });
};

/** Whether a machine has its way back from {@link swapMachineSnapshot} beside it: that goes first and comes back last. */
export const isMachineSwapped = async (host: Host, paths: Paths, machine: string): Promise<boolean> =>
  (await host.files.facts(`${folderOf(paths, machine)}/before`)) !== undefined;

/** Takes {@link swapMachineSnapshot} back, however far it came; nothing to take back is no error. */
export const swapBackMachine = async (
  host: Host,
  paths: Paths,
  ref: MachineSnapshotRef,
  state: MachineState,
): Promise<void> => {
  if (!(await isThere(host, paths, ref.machine))) return;
  await perform(host, paths, ref, 'back', { parts: await partsOf(host, paths, ref, state) });
};

/** What was kept by {@link swapMachineSnapshot} goes, and with it the way back. */
export const clearSwappedMachine = async (host: Host, paths: Paths, ref: MachineSnapshotRef): Promise<void> =>
  perform(host, paths, ref, 'clear', { parts: await partsOf(host, paths, ref, { nvram: undefined, tpm: undefined }) });

/** Those that are whole, with their notes and the bytes that they take. */
export const listMachineSnapshots = async (
  host: Host,
  paths: Paths,
  machine: string,
): Promise<readonly ListedSnapshot[]> => {
  await reachGuestDisk(host, paths, machine);
  return listSnapshotFolder(host, snapshotsFolder(paths, machine));
};

/** The note of a snapshot that is there says another name or description. Throws `not_found` without such a snapshot. */
export const changeMachineSnapshotNote = async (
  host: Host,
  paths: Paths,
  ref: MachineSnapshotRef,
  words: SnapshotWords,
): Promise<void> => {
  const folder = machineSnapshotFolder(paths, ref);
  await reachGuestDisk(host, paths, ref.machine);
  return changeSnapshotNote(host, `${folder}/snapshot.json`, words);
};
