import { type BackupRow, listBackups } from '@innkeeper/inventory';
import type { BackupView, Scope } from '@innkeeper/model';
import type { Control } from '../control.ts';

export const backupViewOf = (row: BackupRow): BackupView => ({
  id: row.id,
  name: row.name,
  workload: { id: row.workloadId, name: row.workloadName },
  target: row.target,
  state: row.state,
  driver: row.place.driver,
  image: row.image?.name ?? row.spec.image,
  createdAt: row.createdAt.toISOString(),
  ...(row.sizeBytes === null ? {} : { sizeBytes: row.sizeBytes }),
  ...(row.addedBytes === null ? {} : { addedBytes: row.addedBytes }),
  ...(row.verifiedAt === null
    ? {}
    : { verified: { at: row.verifiedAt.toISOString(), ok: row.verifiedOk === true, text: row.verifiedText ?? '' } }),
});

/** In the order in which they were made; of one workload, or of all that may be seen. */
export const backupViews = async (
  { inventory }: Control,
  query: { readonly workload?: string | undefined; readonly target?: string | undefined },
  scope: Scope,
): Promise<BackupView[]> => (await listBackups(inventory.db, { ...query, scope })).map(backupViewOf);
