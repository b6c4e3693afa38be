import type { SnapshotNote, SnapshotState } from '@innkeeper/model';
import { and, asc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { snapshots, workloads } from './schema.ts';
import type { WorkloadRow } from './workloads.ts';

export type SnapshotRow = typeof snapshots.$inferSelect;

/** Of these workloads, in the order in which they were made. */
export const listSnapshots = async (db: Db, workloadIds: readonly string[]): Promise<SnapshotRow[]> =>
  db
    .select()
    .from(snapshots)
    .where(inArray(snapshots.workloadId, [...workloadIds]))
    .orderBy(asc(snapshots.createdAt), asc(snapshots.name));

export const findSnapshot = async (db: Db, workloadId: string, name: string): Promise<SnapshotRow | undefined> =>
  (
    await db
      .select()
      .from(snapshots)
      .where(and(eq(snapshots.workloadId, workloadId), eq(snapshots.name, name)))
  )[0];

/** The record of one that is being made. There already is no change; a duplicate of `snapshots_name_unique` is thrown for another of that name. */
export const insertSnapshot = async (
  db: Db,
  row: Pick<SnapshotRow, 'id' | 'workloadId' | 'name' | 'description' | 'parent' | 'createdAt'>,
): Promise<void> => {
  await db
    .insert(snapshots)
    .values({ ...row, state: 'creating' })
    .onConflictDoNothing({ target: snapshots.id });
};

export interface SnapshotChange {
  readonly name?: string;
  readonly description?: string | null;
  readonly state?: SnapshotState;
  readonly sizeBytes?: number;
}

/** Throws a duplicate of `snapshots_name_unique` for a name that another of the workload has. */
export const updateSnapshot = async (db: Db, id: string, change: SnapshotChange): Promise<void> => {
  await db.update(snapshots).set(change).where(eq(snapshots.id, id));
};

/** The workload stands on this one from now on, or on none. To be called in a transaction. */
export const standOn = async (db: Db, workloadId: string, id: string | null): Promise<void> => {
  await db
    .update(snapshots)
    .set({ current: false })
    .where(and(eq(snapshots.workloadId, workloadId), eq(snapshots.current, true)));
  if (id !== null) await db.update(snapshots).set({ current: true }).where(eq(snapshots.id, id));
};

/** What was made from it was made from its parent, and what stood on it stands there. To be called in a transaction. */
export const deleteSnapshot = async (db: Db, id: string): Promise<void> => {
  const [gone] = await db.delete(snapshots).where(eq(snapshots.id, id)).returning();
  if (gone === undefined) return;
  await db.update(snapshots).set({ parent: gone.parent }).where(eq(snapshots.parent, id));
  if (gone.current && gone.parent !== null)
    await db.update(snapshots).set({ current: true }).where(eq(snapshots.id, gone.parent));
};

/**
 * What a host has is what there is: others are forgotten, and those that were not known are listed again, but for one whose name another
 * has. One whose parent was removed is a first one. Which one the workload stands on is guessed where nobody knows: the newest. To be called in a transaction.
 */
export const takeBackHeld = async (
  db: Db,
  workloadId: string,
  held: readonly (SnapshotNote & { readonly sizeBytes: number })[],
): Promise<void> => {
  const ids = new Set(held.map(({ id }) => id));
  const heldParent = (parent: string | undefined) => (parent !== undefined && ids.has(parent) ? parent : null);
  for (const { id, state } of await listSnapshots(db, [workloadId]))
    if (state === 'ready' && !ids.has(id)) await deleteSnapshot(db, id);
  for (const { id, name, description = null, parent, createdAt, sizeBytes } of held)
    await db
      .insert(snapshots)
      .values({
        id,
        workloadId,
        name,
        description,
        parent: heldParent(parent),
        createdAt: new Date(createdAt),
        sizeBytes,
        state: 'ready',
      })
      .onConflictDoNothing();
  const rows = await listSnapshots(db, [workloadId]);
  if (!rows.some(({ current }) => current)) await standOn(db, workloadId, rows.at(-1)?.id ?? null);
};

/** Workloads whose manifest has a schedule of snapshots, or of backups, and that have a guest. */
export const listScheduled = (db: Db, of: 'snapshots' | 'backups'): Promise<WorkloadRow[]> =>
  db
    .select()
    .from(workloads)
    .where(and(sql`${workloads.spec} ? ${of}`, eq(workloads.state, 'ready'), isNotNull(workloads.placed)))
    .orderBy(asc(workloads.name));
