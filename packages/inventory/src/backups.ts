import type { BackupTarget, Scope } from '@innkeeper/model';
import { and, asc, count, eq, inArray, or, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { within } from './project.ts';
import { backups, backupTargets, workloads } from './schema.ts';

export type BackupTargetRow = typeof backupTargets.$inferSelect;
export type BackupRow = typeof backups.$inferSelect;

export const listBackupTargets = (db: Db): Promise<BackupTargetRow[]> =>
  db.select().from(backupTargets).orderBy(asc(backupTargets.name));

export const findBackupTarget = async (db: Db, name: string): Promise<BackupTargetRow | undefined> =>
  (await db.select().from(backupTargets).where(eq(backupTargets.name, name)))[0];

/** Throws a duplicate of `backup_targets_pkey` for a name that is taken. */
export const insertBackupTarget = async (db: Db, name: string, spec: BackupTarget): Promise<void> => {
  await db.insert(backupTargets).values({ name, spec });
};

export const deleteBackupTarget = async (db: Db, name: string): Promise<void> => {
  await db.delete(backupTargets).where(eq(backupTargets.name, name));
};

/** How many backups each target is known to have, by its name. */
export const countBackups = async (db: Db): Promise<Map<string, number>> =>
  new Map(
    (await db.select({ target: backups.target, many: count() }).from(backups).groupBy(backups.target)).map(
      ({ target, many }) => [target, many],
    ),
  );

/** What is known of what is in a target; the repository itself is not touched. */
export const forgetBackupsOf = async (db: Db, target: string): Promise<void> => {
  await db.delete(backups).where(eq(backups.target, target));
};

/** From now on they are the backups of another workload: of the one that goes on as that which they are of. */
export const handOverBackups = async (db: Db, from: string, to: string): Promise<void> => {
  await db.update(backups).set({ workloadId: to }).where(eq(backups.workloadId, from));
};

const ofName = (name: string) =>
  or(
    eq(backups.workloadName, name),
    inArray(backups.workloadId, sql`(select ${workloads.id} from ${workloads} where ${workloads.name} = ${name})`),
  );

export interface BackupQuery {
  /** Of a workload that is called so, or was when they were made. */
  readonly workload?: string | undefined;
  readonly workloadId?: string | undefined;
  readonly target?: string | undefined;
  readonly scope?: Scope;
}

/** In the order in which they were made. */
export const listBackups = (db: Db, { workload, workloadId, target, scope }: BackupQuery = {}): Promise<BackupRow[]> =>
  db
    .select()
    .from(backups)
    .where(
      and(
        workload === undefined ? undefined : ofName(workload),
        workloadId === undefined ? undefined : eq(backups.workloadId, workloadId),
        target === undefined ? undefined : eq(backups.target, target),
        within(backups.project, scope),
      ),
    )
    .orderBy(asc(backups.createdAt), asc(backups.name));

/** By its name or id. */
export const findBackup = async (db: Db, ref: string): Promise<BackupRow | undefined> =>
  (await db.select().from(backups).where(sql`${backups.name} = ${ref} or ${backups.id}::text = ${ref}`))[0];

/** The project of a backup by its name or id; undefined when there is none. */
export const findBackupProject = async (db: Db, ref: string): Promise<string | undefined> =>
  (await findBackup(db, ref))?.project;

export type NewBackupRow = Omit<typeof backups.$inferInsert, 'verifiedAt' | 'verifiedOk' | 'verifiedText'>;

/** There already is no change; a duplicate of `backups_name_unique` is thrown for another of that name. */
export const insertBackup = async (db: Db, row: NewBackupRow): Promise<void> => {
  await db.insert(backups).values(row).onConflictDoNothing({ target: backups.id });
};

export type BackupChange = Partial<Omit<typeof backups.$inferInsert, 'id' | 'name' | 'target'>>;

export const updateBackup = async (db: Db, id: string, change: BackupChange): Promise<void> => {
  await db.update(backups).set(change).where(eq(backups.id, id));
};

export const deleteBackup = async (db: Db, id: string): Promise<void> => {
  await db.delete(backups).where(eq(backups.id, id));
};
