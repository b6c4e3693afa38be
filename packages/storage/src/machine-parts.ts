import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { guestDiskFolder, guestDiskPath, reachGuestDisk } from './disk.ts';
import { busyCode } from './snapshot-folder.ts';
import { volumeDiskPath } from './volumes.ts';

/** Where else than beside its disk a machine keeps something; it need not be there. */
export interface MachineState {
  /** The file of its UEFI variables. */
  readonly nvram: string | undefined;
  /** The folder of its TPM. */
  readonly tpm: string | undefined;
}

/** A part of a machine, and what it is called within a snapshot. */
export interface Part {
  readonly kind: 'disk' | 'file' | 'tree';
  readonly key: string;
  readonly path: string;
}

/** Of a machine: where its snapshots lie. */
export const snapshotsFolder = (paths: Paths, machine: string): string =>
  `${guestDiskFolder(paths, machine)}/snapshots`;

/** Volumes have words as names: what has another dot is on its way. */
const volumeDisk = /^([^.]+)\.qcow2$/;

/** The disk of a machine, and its disks that are called as those in `folder`. */
export const diskParts = async (host: Host, paths: Paths, machine: string, folder: string): Promise<Part[]> => [
  { kind: 'disk', key: 'disk.qcow2', path: guestDiskPath(paths, machine) },
  ...(await host.files.list(folder)).sort().flatMap((file): Part[] => {
    const name = volumeDisk.exec(file)?.[1];
    return name === undefined
      ? []
      : [{ kind: 'disk', key: `volumes/${file}`, path: volumeDiskPath(paths, machine, name) }];
  }),
];

/** What of a machine is not on its disks. */
export const smallParts = ({ nvram, tpm }: MachineState): Part[] => [
  ...(nvram === undefined ? [] : [{ kind: 'file' as const, key: 'nvram', path: nvram }]),
  ...(tpm === undefined ? [] : [{ kind: 'tree' as const, key: 'tpm', path: tpm }]),
];

/** Throws `not_found` for a machine whose disk is not on this host, `host_error` while its pool is away. */
export const requireDisk = async (host: Host, paths: Paths, machine: string): Promise<void> => {
  await reachGuestDisk(host, paths, machine);
  if ((await host.files.facts(guestDiskPath(paths, machine))) !== undefined) return;
  throw new InnkeeperError('not_found', `The disk of the machine ${machine} is not on this host`);
};

/** Throws `conflict` where a program that copies was refused, since somebody writes into a disk. */
export const refuseBusy = async (copying: Promise<{ readonly exitCode: number }>): Promise<void> => {
  if ((await copying).exitCode === busyCode)
    throw new InnkeeperError('conflict', 'Somebody writes into a disk of this machine, which does not run', {
      hint: 'ask again when nothing has its disks open any more',
    });
};
