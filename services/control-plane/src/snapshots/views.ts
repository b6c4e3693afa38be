import { findWorkloads, listSnapshots } from '@innkeeper/inventory';
import type { SnapshotView } from '@innkeeper/model';
import { notFound } from '../asker.ts';
import type { Control } from '../control.ts';

/** Snapshots of a workload, in the order in which they were made. Throws `not_found` without such a workload. */
export const snapshotViews = async ({ inventory }: Control, ref: string): Promise<SnapshotView[]> => {
  const [workload] = await findWorkloads(inventory.db, [ref]);
  if (workload === undefined) throw notFound(ref.slice(0, 80));
  const rows = await listSnapshots(inventory.db, [workload.id]);
  const nameOf = new Map(rows.map(({ id, name }) => [id, name]));
  return rows.map(({ id, name, description, state, parent, current, createdAt, sizeBytes }) => {
    const parentName = parent === null ? undefined : nameOf.get(parent);
    return {
      id,
      name,
      ...(description === null ? {} : { description }),
      state,
      ...(parentName === undefined ? {} : { parent: parentName }),
      current,
      createdAt: createdAt.toISOString(),
      ...(sizeBytes === null ? {} : { sizeBytes }),
    };
  });
};
