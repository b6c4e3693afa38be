import type { Readable } from 'node:stream';
import type {
  BackupTargetView,
  BackupView,
  HeldFileView,
  NewBackup,
  NewBackupTarget,
  NewRestoration,
  OperationView,
  RetentionView,
  ScanView,
} from '@innkeeper/model';
import { type ChangeOptions, changeHeaders, changeQuery, queryOf } from './change.ts';
import { ask, openBytes, type Target } from './transport.ts';

/** What workloads held, kept elsewhere. */
export interface BackupCalls {
  /** In the order in which they were made, also of workloads that are gone. */
  backups(of?: { readonly workload?: string; readonly target?: string }): Promise<BackupView[]>;
  /** By its name or id. */
  backup(ref: string): Promise<BackupView>;
  makeBackup(workload: string, backup: NewBackup, options?: ChangeOptions): Promise<OperationView>;
  /** A workload that holds what that of the backup held. The operation is the new one's. */
  restoreBackup(ref: string, restoration: NewRestoration, options?: ChangeOptions): Promise<OperationView>;
  /** Brings it back as a workload without a network, sees that it starts, and takes that away again. */
  verifyBackup(ref: string, options?: ChangeOptions): Promise<OperationView>;
  removeBackup(ref: string): Promise<void>;
  /** What is in a folder of it, as the guest saw it; of anything else that itself. */
  backupFiles(ref: string, path: string): Promise<HeldFileView[]>;
  /**
   * A file of it, or a folder with all below, as tar in which it is called by the last part of the path. The stream fails where the
   * archive is not whole.
   */
  backupArchive(ref: string, path: string): Promise<Readable>;
  /** A backup and its image as one file, which whoever has it can read. The stream fails where it is not whole. */
  exportBackup(ref: string): Promise<Readable>;
  /** Sends a file that was exported to a target, the only one without a name. What the backups in it are called here. */
  importBackups(file: Readable, to?: string): Promise<BackupView[]>;
  backupTargets(): Promise<BackupTargetView[]>;
  addBackupTarget(target: NewBackupTarget): Promise<BackupTargetView>;
  /** What is in its repository stays. `forget`: also where it has backups. */
  removeBackupTarget(name: string, options?: { readonly forget?: boolean }): Promise<void>;
  /** What is in its repository and not known is known again. */
  scanBackupTarget(name: string): Promise<ScanView>;
  /** What would be kept of a workload's by `keep`, such as `daily=7,weekly=4`, or by the manifest; nothing is done. */
  backupRetention(workload: string, keep?: string): Promise<RetentionView>;
  /** Gives back the room of backups that were removed. */
  pruneBackupTarget(name: string): Promise<void>;
}

export const backupCalls = (target: Target): BackupCalls => {
  const at = (ref: string): string => `/v1/backups/${encodeURIComponent(ref)}`;
  const targetAt = (name: string): string => `/v1/backup-targets/${encodeURIComponent(name)}`;
  const post = (path: string, body: unknown, options: ChangeOptions): Promise<OperationView> =>
    ask(target, `${path}${changeQuery(options)}`, { method: 'POST', body, headers: changeHeaders(options) });
  return {
    backups: async ({ workload, target: of } = {}) =>
      (await ask<{ items: BackupView[] }>(target, `/v1/backups${queryOf({ workload, target: of })}`)).items,
    backup: (ref) => ask(target, at(ref)),
    makeBackup: (workload, body, options = {}) =>
      post(`/v1/workloads/${encodeURIComponent(workload)}/backups`, body, options),
    restoreBackup: (ref, body, options = {}) => post(`${at(ref)}/restore`, body, options),
    verifyBackup: (ref, options = {}) =>
      ask(target, `${at(ref)}/verify${changeQuery(options)}`, { method: 'POST', headers: changeHeaders(options) }),
    backupFiles: async (ref, path) =>
      (await ask<{ items: HeldFileView[] }>(target, `${at(ref)}/files${queryOf({ path })}`)).items,
    backupArchive: (ref, path) => openBytes(target, `${at(ref)}/archive${queryOf({ path })}`),
    exportBackup: (ref) => openBytes(target, `${at(ref)}/export`),
    importBackups: async (file, to) => {
      const headers = { 'content-type': 'application/x-tar' };
      const path = `/v1/backups${queryOf({ to })}`;
      return (await ask<{ items: BackupView[] }>(target, path, { method: 'POST', file, headers })).items;
    },
    removeBackup: (ref) => ask(target, at(ref), { method: 'DELETE' }),
    backupTargets: async () => (await ask<{ items: BackupTargetView[] }>(target, '/v1/backup-targets')).items,
    addBackupTarget: (body) => ask(target, '/v1/backup-targets', { method: 'POST', body }),
    removeBackupTarget: (name, { forget } = {}) =>
      ask(target, `${targetAt(name)}${queryOf({ forget: forget === true ? 'true' : undefined })}`, {
        method: 'DELETE',
      }),
    scanBackupTarget: (name) => ask(target, `${targetAt(name)}/scan`, { method: 'POST' }),
    backupRetention: (workload, keep) =>
      ask(target, `/v1/workloads/${encodeURIComponent(workload)}/backup-retention${queryOf({ keep })}`),
    pruneBackupTarget: (name) => ask(target, `${targetAt(name)}/prune`, { method: 'POST' }),
  };
};
