import { deleteBackup, findBackup, updateBackup } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { forgetTagged } from '@innkeeper/storage';
import { record, type Trail } from '../access/trail.ts';
import type { Control } from '../control.ts';
import { backupNotFound } from './requests.ts';
import { backupTag } from './tags.ts';
import { hostOfTarget, openTarget } from './targets.ts';

/** Out of its repository, then out of the inventory: one whose repository is away stays, and can be asked for again. */
export const dropBackup = async (control: Control, id: string): Promise<void> => {
  const { db } = control.inventory;
  const row = await findBackup(db, id);
  if (row === undefined) return;
  const { target, repository } = await openTarget(control, row.target);
  await updateBackup(db, row.id, { state: 'removing' });
  await forgetTagged(hostOfTarget(control, target).host, control.config.paths, repository, [backupTag(row.id)]);
  await deleteBackup(db, row.id);
};

/** Nothing is made of it any more; its room is given back by pruning. Throws `busy` while it is being made. */
export const removeBackup = async (control: Control, ref: string, trail: Trail): Promise<void> => {
  const { db } = control.inventory;
  const row = await findBackup(db, ref);
  if (row === undefined) throw backupNotFound(ref);
  if (row.state === 'creating')
    throw new InnkeeperError('busy', `The backup ${row.name} is being made`, {
      hint: 'inn operation ls shows how far it is',
    });
  await dropBackup(control, row.id);
  const { name, project, target, workloadName } = row;
  await record(db, trail, { resource: { kind: 'backup', name }, project, before: { workload: workloadName, target } });
};
