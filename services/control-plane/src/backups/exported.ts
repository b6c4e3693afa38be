import { findBackup } from '@innkeeper/inventory';
import { type BackupView, InnkeeperError } from '@innkeeper/model';
import { exportSent, importSent, type SentRecord } from '@innkeeper/storage';
import { record, type Trail } from '../access/trail.ts';
import type { Control } from '../control.ts';
import { wholeBackup } from './requests.ts';
import { scanTarget } from './scan.ts';
import { sentOf } from './sent.ts';
import { idOfSent, innkeeperTag } from './tags.ts';
import { chooseTarget, hostOfTarget, openTarget } from './targets.ts';
import { backupViewOf } from './views.ts';

/** A backup with its image, as one file. Who asks for it is written down before anything of it is copied. Throws `not_found`. */
export const exportBackup = async (
  control: Control,
  ref: string,
  { trail, signal }: { readonly trail: Trail; readonly signal: AbortSignal },
): Promise<AsyncIterable<Buffer>> => {
  const { db } = control.inventory;
  const row = await wholeBackup(db, ref);
  const { host, repository, held, image } = await sentOf(control, row);
  await record(db, trail, {
    resource: { kind: 'backup', name: row.name },
    project: row.project,
    after: { exported: true },
  });
  const what = { sent: image === undefined ? [held] : [held, image], tag: innkeeperTag };
  return exportSent(host, control.config.paths, repository, what, { signal });
};

/**
 * Sends what {@link exportBackup} gave, here or elsewhere, to a target, and makes it known. Throws `invalid` for what is no such file and
 * `conflict` for a backup that another target has.
 */
export const importBackups = async (
  control: Control,
  to: string | undefined,
  file: AsyncIterable<Buffer>,
  { trail, signal }: { readonly trail: Trail; readonly signal: AbortSignal },
): Promise<BackupView[]> => {
  const { db } = control.inventory;
  const { name } = await chooseTarget(control, to);
  const { target, repository } = await openTarget(control, name);
  const ids: string[] = [];
  const accept = async (held: readonly SentRecord[]): Promise<void> => {
    ids.push(...held.flatMap((one) => idOfSent(one) ?? []));
    if (ids.length === 0) throw new InnkeeperError('invalid', 'There is no backup in this file');
    for (const id of ids) {
      const known = await findBackup(db, id);
      if (known !== undefined && known.target !== name)
        throw new InnkeeperError('conflict', `The backup ${known.name} is at ${known.target} already`, {
          hint: `inn backup restore ${known.name}`,
        });
    }
  };
  const { host } = hostOfTarget(control, target);
  await importSent(host, control.config.paths, repository, file, { tag: innkeeperTag, accept, signal });
  await scanTarget(control, name, trail);
  const rows = await Promise.all(ids.map((id) => findBackup(db, id)));
  return rows.flatMap((row) => (row === undefined ? [] : [backupViewOf(row)]));
};
