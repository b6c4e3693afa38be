import type { NewSnapshot, OperationView, RetentionView, SnapshotChange, SnapshotView } from '@innkeeper/model';
import { type ChangeOptions, changeHeaders, changeQuery, queryOf } from './change.ts';
import { ask, type Target } from './transport.ts';

/** What a workload held at earlier moments. */
export interface SnapshotCalls {
  /** In the order in which they were made. */
  snapshots(name: string): Promise<SnapshotView[]>;
  /** What would be kept of them by `keep`, such as `daily=7,weekly=4`, or by the manifest; nothing is done. */
  retention(name: string, keep?: string): Promise<RetentionView>;
  snapshot(name: string, snapshot: NewSnapshot, options?: ChangeOptions): Promise<OperationView>;
  /** Back to what it held then; what came since is gone. */
  restore(name: string, snapshot: string, options?: ChangeOptions): Promise<OperationView>;
  /** Another name or description; the snapshot itself stays as it is. */
  changeSnapshot(
    name: string,
    snapshot: string,
    change: SnapshotChange,
    options?: ChangeOptions,
  ): Promise<OperationView>;
  removeSnapshot(name: string, snapshot: string, options?: ChangeOptions): Promise<OperationView>;
}

export const snapshotCalls = (target: Target): SnapshotCalls => {
  const of = (name: string): string => `/v1/workloads/${encodeURIComponent(name)}`;
  const at = (name: string, snapshot: string): string => `${of(name)}/snapshots/${encodeURIComponent(snapshot)}`;
  return {
    snapshots: async (name) => (await ask<{ items: SnapshotView[] }>(target, `${of(name)}/snapshots`)).items,
    retention: (name, keep) => ask(target, `${of(name)}/retention${queryOf({ keep })}`),
    snapshot: (name, body, options = {}) =>
      ask(target, `${of(name)}/snapshots${changeQuery(options)}`, {
        method: 'POST',
        body,
        headers: changeHeaders(options),
      }),
    restore: (name, snapshot, options = {}) =>
      ask(target, `${at(name, snapshot)}/restore${changeQuery(options)}`, {
        method: 'POST',
        headers: changeHeaders(options),
      }),
    changeSnapshot: (name, snapshot, body, options = {}) =>
      ask(target, `${at(name, snapshot)}${changeQuery(options)}`, {
        method: 'PATCH',
        body,
        headers: changeHeaders(options),
      }),
    removeSnapshot: (name, snapshot, options = {}) =>
      ask(target, `${at(name, snapshot)}${changeQuery(options)}`, {
        method: 'DELETE',
        headers: changeHeaders(options),
      }),
  };
};
