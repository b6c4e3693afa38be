import type { ErrorCode, Problem, WorkloadSpec } from '@innkeeper/model';
import { asc, eq, inArray, or, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { type Place, placements, workloads } from './schema.ts';

export type WorkloadRow = typeof workloads.$inferSelect;
export type RecordState = WorkloadRow['state'];

export const listWorkloads = (db: Db): Promise<WorkloadRow[]> =>
  db.select().from(workloads).orderBy(asc(workloads.name));

/** By their names or their ids. */
export const findWorkloads = (db: Db, refs: readonly string[]): Promise<WorkloadRow[]> =>
  db
    .select()
    .from(workloads)
    .where(or(inArray(workloads.name, [...refs]), inArray(sql`${workloads.id}::text`, [...refs])))
    .orderBy(asc(workloads.name));

export const findWorkload = async (db: Db, name: string): Promise<WorkloadRow | undefined> =>
  (await db.select().from(workloads).where(eq(workloads.name, name)))[0];

export const findWorkloadById = async (db: Db, id: string): Promise<WorkloadRow | undefined> =>
  (await db.select().from(workloads).where(eq(workloads.id, id)))[0];

export const insertWorkload = async (db: Db, row: { id: string; name: string; spec: WorkloadSpec }): Promise<void> => {
  await db.insert(workloads).values({ ...row, generation: 1, state: 'pending' });
};

/** The record of a guest that was there before, at its place and with its own id. */
export const insertAdopted = async (
  db: Db,
  row: { id: string; name: string; spec: WorkloadSpec; placed: Place; reason: string },
): Promise<void> => {
  await db.insert(workloads).values({ ...row, generation: 1, state: 'creating' });
};

/** What follows from an earlier end of its guest is decided anew: somebody has said what is wanted now. */
/** `applied`: the guest is that already, or becomes it by another way than `apply`. */
export const updateSpec = async (
  db: Db,
  id: string,
  spec: WorkloadSpec,
  { applied = false }: { readonly applied?: boolean } = {},
): Promise<void> => {
  const generation = sql`${workloads.generation} + 1`;
  await db
    .update(workloads)
    .set({
      spec,
      generation,
      ...(applied ? { appliedGeneration: generation } : {}),
      endedAt: null,
      ending: null,
      nextRestartAt: null,
      restartStreak: 0,
    })
    .where(eq(workloads.id, id));
};

export interface WorkloadChange {
  readonly state?: RecordState;
  readonly appliedGeneration?: number;
  readonly placed?: Place | null;
  readonly placementId?: string | null;
  readonly reason?: string | null;
  readonly error?: (Problem & { code: ErrorCode }) | null;
}

export const updateWorkload = async (db: Db, id: string, change: WorkloadChange): Promise<void> => {
  await db.update(workloads).set(change).where(eq(workloads.id, id));
};

/** It runs on a host that is up: seen at the start itself, and in which boot of the host that was. */
export const markRunning = async (db: Db, id: string, host: string): Promise<void> => {
  const startedInBoot = sql`(select machine->>'bootId' from innkeeper.hosts where name = ${host})`;
  await db
    .update(workloads)
    .set({ state: 'ready', startedInBoot, endedAt: null, ending: null, nextRestartAt: null })
    .where(eq(workloads.id, id));
};

/** With its records of placement. Throws a duplicate of `workloads_name_unique` when another workload has the name. */
export const renameWorkload = async (db: Db, id: string, name: string): Promise<void> => {
  await db.update(workloads).set({ name }).where(eq(workloads.id, id));
  await db.update(placements).set({ workloadName: name }).where(eq(placements.workloadId, id));
};

/** Its claims go with it. */
export const deleteWorkload = async (db: Db, id: string): Promise<void> => {
  await db.delete(workloads).where(eq(workloads.id, id));
};
