import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { destroyGuestDisk, guestDiskFolder, guestDiskPath } from './disk.ts';
import {
  diskParts,
  type MachineState,
  type Part,
  refuseBusy,
  requireDisk,
  smallParts,
  snapshotsFolder,
} from './machine-parts.ts';
import { makePlace } from './pools/places.ts';
import { poolFor } from './pools/pool.ts';
import { programText } from './program.ts';
import { busyCode, longestMs, requireSnapshotId } from './snapshot-folder.ts';
import { destroyVolumes, volumesFolder } from './volumes.ts';

const cloneProgram = programText('machine-parts.pl', 'machine-clone.pl');

/** A machine that begins with what another of the same host holds, or held when a snapshot of it was made. */
export interface MachineClone {
  /** Ids of the machines. */
  readonly from: string;
  readonly to: string;
  /** Undefined: what it holds now. */
  readonly snapshot: string | undefined;
  /** The pool that the new one is to stand in. */
  readonly pool?: string | undefined;
  /** Where the new one keeps what is not on its disks. */
  readonly state: MachineState;
}

interface Pair {
  readonly kind: Part['kind'];
  readonly from: string;
  readonly to: string;
}

const targetOf = (paths: Paths, { to, state }: MachineClone, key: string): string | undefined => {
  if (key === 'disk.qcow2') return guestDiskPath(paths, to);
  if (key === 'nvram' || key === 'tpm') return state[key];
  return `${volumesFolder(paths, to)}/${key.slice('volumes/'.length)}`;
};

/** `state`: of the other machine, as far as what it holds now is copied. */
const pairsOf = async (host: Host, paths: Paths, copy: MachineClone, state: MachineState): Promise<Pair[]> => {
  const { from, snapshot } = copy;
  const held = snapshot === undefined ? undefined : `${snapshotsFolder(paths, from)}/${snapshot}`;
  const disks = await diskParts(host, paths, from, held === undefined ? volumesFolder(paths, from) : `${held}/volumes`);
  const parts = [...disks, ...smallParts(held === undefined ? state : copy.state)];
  return parts.flatMap(({ kind, key, path }) => {
    const to = targetOf(paths, copy, key);
    return to === undefined ? [] : [{ kind, from: held === undefined ? path : `${held}/${key}`, to }];
  });
};

const perform = async (
  host: Host,
  paths: Paths,
  { from, to }: MachineClone,
  action: 'copy' | 'copy-held' | 'still' | 'keep',
  pairs: readonly Pair[],
  input = '',
): Promise<void> => {
  const words = pairs.flatMap((pair) => [pair.kind, pair.from, pair.to]);
  const argv = ['perl', '-e', await cloneProgram(), guestDiskFolder(paths, from), guestDiskFolder(paths, to), action];
  await refuseBusy(host.run([...argv, ...words], { input, timeoutMs: longestMs, expect: [0, busyCode] }));
};

const requireSnapshot = async (host: Host, paths: Paths, { from, snapshot }: MachineClone): Promise<void> => {
  if (snapshot === undefined) return;
  requireSnapshotId(snapshot);
  if ((await host.files.facts(`${snapshotsFolder(paths, from)}/${snapshot}`)) === undefined)
    throw new InnkeeperError('not_found', `The snapshot ${snapshot} is not on this host`);
};

/**
 * Copies the disks, UEFI variables and TPM, as far as the other machine has them; without {@link keepMachineClone} nothing stands on
 * them. `source` says of what the other holds now where it keeps what is not on its disks, and whether QEMU has these open, and stands
 * still; otherwise nobody may, and nobody can start it meanwhile. Repeated it begins anew. Throws `not_found` without a disk or such a
 * snapshot, `conflict` where somebody writes into a disk of a machine that does not run.
 */
export const copyMachine = async (
  host: Host,
  paths: Paths,
  copy: MachineClone,
  source: { readonly state: MachineState; readonly held: boolean },
): Promise<void> => {
  const { from, to: id, snapshot } = copy;
  await requireDisk(host, paths, from);
  await requireSnapshot(host, paths, copy);
  const pairs = await pairsOf(host, paths, copy, source.state);
  const pool = await poolFor(host, paths, copy.pool);
  await makePlace(host, paths, { kind: 'disks', id, pool });
  if (pairs.filter(({ kind }) => kind === 'disk').length > 1)
    await makePlace(host, paths, { kind: 'volumes', id, pool });
  const now = source.held ? 'copy-held' : 'copy';
  await perform(host, paths, copy, snapshot === undefined ? now : 'still', pairs);
};

/** It is on the disk, and a machine can stand on it; `note` says so, and is read back by {@link machineCloneNote}. */
export const keepMachineClone = async (
  host: Host,
  paths: Paths,
  copy: MachineClone,
  source: { readonly state: MachineState },
  note: Readonly<Record<string, unknown>>,
): Promise<void> =>
  perform(host, paths, copy, 'keep', await pairsOf(host, paths, copy, source.state), `${JSON.stringify(note)}\n`);

/** What was noted of a copy that is whole; undefined for a machine that is none. */
export const machineCloneNote = async (host: Host, paths: Paths, id: string): Promise<unknown> => {
  const text = await host.files.readTextIfThere(`${guestDiskFolder(paths, id)}/clone.json`);
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
};

/** Waits for whoever still copies what a machine has, for somebody who was killed. No such machine is no error. */
export const endOfMachineCopies = async (host: Host, paths: Paths, machine: string): Promise<void> => {
  const lock = guestDiskFolder(paths, machine);
  // Of a link into a pool: where it leads to.
  if ((await host.files.facts(`${lock}/.`)) !== undefined)
    await host.run(['flock', '--', lock, 'true'], { timeoutMs: longestMs });
};

/** Whole or half; whoever still copies is waited for. Nothing there is no error. */
export const removeMachineClone = async (host: Host, paths: Paths, copy: MachineClone): Promise<void> => {
  await endOfMachineCopies(host, paths, copy.from);
  for (const path of [copy.state.nvram, copy.state.tpm])
    if (path !== undefined) for (const one of [path, `${path}.new`]) await host.files.remove(one);
  await destroyGuestDisk(host, paths, copy.to);
  await destroyVolumes(host, paths, copy.to);
};
