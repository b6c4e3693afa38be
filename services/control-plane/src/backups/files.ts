import type { BackupRow } from '@innkeeper/inventory';
import { completeSpec, type HeldFileView, InnkeeperError } from '@innkeeper/model';
import { type HeldFiles, openHeld, type ShownFile } from '@innkeeper/storage';
import { record, type Trail } from '../access/trail.ts';
import type { Control } from '../control.ts';
import { wholeBackup } from './requests.ts';
import { sentOf } from './sent.ts';

/** A machine's disk holds a file system that it has made itself: nobody but a machine looks into it. */
const requireTrees = ({ name, place }: BackupRow): void => {
  if (place.backend === 'lxc') return;
  throw new InnkeeperError('unsupported', `The backup ${name} is of a virtual machine: it holds disks, not files`, {
    hint: `inn backup restore ${name} --as NAME makes a machine of it, and inn cp copies out of that; restic restore brings its disks`,
  });
};

const filesOf = async (control: Control, row: BackupRow): Promise<HeldFiles> => {
  requireTrees(row);
  const { host, repository, held, image } = await sentOf(control, row);
  if (image === undefined) throw new InnkeeperError('conflict', `The backup ${row.name} has no image`);
  const volumes = completeSpec(row.spec).volumes.filter(({ name }) => row.volumes.includes(name));
  return openHeld(host, control.config.paths, repository, { held, image, volumes });
};

const viewOf = ({ mode, size, modified, ...file }: ShownFile): HeldFileView => ({
  ...file,
  mode: mode.toString(8).padStart(4, '0'),
  ...(file.kind === 'file' ? { sizeBytes: size } : {}),
  modifiedAt: new Date(modified * 1000).toISOString(),
});

/** What is in a folder of a backup, as the guest saw it; of anything else that itself. Throws `not_found`. */
export const backupFiles = async (control: Control, ref: string, path: string): Promise<HeldFileView[]> => {
  const files = await filesOf(control, await wholeBackup(control.inventory.db, ref));
  return (await files.list(path)).map(viewOf);
};

/**
 * A file of a backup, or a folder with all below, as tar. Who copies what is written down before anything of it is given. Throws
 * `not_found`.
 */
export const backupArchive = async (
  control: Control,
  ref: string,
  { path, trail }: { readonly path: string; readonly trail: Trail },
): Promise<AsyncIterable<Buffer>> => {
  const { db } = control.inventory;
  const row = await wholeBackup(db, ref);
  const archive = await (await filesOf(control, row)).archive(path);
  await record(db, trail, { resource: { kind: 'backup', name: row.name }, project: row.project, after: { path } });
  return archive;
};
