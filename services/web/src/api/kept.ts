import type { BackupTargetView, BackupView, OperationView, PoolView, SnapshotView } from '@innkeeper/model';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { itemsOf, statsMs } from './queries.ts';
import { refresh } from './refresh.ts';
import { request } from './request.ts';

const workloadPath = (name: string): string => `/v1/workloads/${encodeURIComponent(name)}`;
const snapshotsOf = (name: string): string => `${workloadPath(name)}/snapshots`;
const backupPath = (name: string): string => `/v1/backups/${encodeURIComponent(name)}`;

export const useSnapshots = (workload: string) =>
  useQuery({
    queryKey: ['snapshots', workload],
    queryFn: ({ signal }) => itemsOf<SnapshotView>(snapshotsOf(workload), signal),
    refetchInterval: statsMs,
  });

/** Of one workload, or all that may be seen, also of workloads that are gone. */
export const useBackups = (workload?: string) =>
  useQuery({
    queryKey: ['backups', workload],
    queryFn: ({ signal }) =>
      itemsOf<BackupView>(
        `/v1/backups${workload === undefined ? '' : `?workload=${encodeURIComponent(workload)}`}`,
        signal,
      ),
    refetchInterval: statsMs,
  });

export const useBackupTargets = () =>
  useQuery({
    queryKey: ['backup-targets'],
    queryFn: ({ signal }) => itemsOf<BackupTargetView>('/v1/backup-targets', signal),
  });

export const usePools = () =>
  useQuery({
    queryKey: ['pools'],
    queryFn: ({ signal }) => itemsOf<PoolView>('/v1/pools', signal),
    refetchInterval: statsMs,
  });

/** What can be asked for of what is kept. `text` says what it is, for when it is refused. */
export type KeptRequest = { readonly text: string } & (
  | { readonly kind: 'snapshot'; readonly workload: string; readonly name: string }
  | { readonly kind: 'go back' | 'remove snapshot'; readonly workload: string; readonly snapshot: string }
  | { readonly kind: 'backup'; readonly workload: string; readonly to: string | undefined }
  | { readonly kind: 'verify' | 'remove backup'; readonly backup: string }
  | { readonly kind: 'bring back'; readonly backup: string; readonly as: string }
);

const ask = (asked: KeptRequest): Promise<OperationView | undefined> => {
  switch (asked.kind) {
    case 'snapshot':
      return request(snapshotsOf(asked.workload), {
        method: 'POST',
        body: asked.name === '' ? {} : { name: asked.name },
      });
    case 'go back':
      return request(`${snapshotsOf(asked.workload)}/${encodeURIComponent(asked.snapshot)}/restore`, {
        method: 'POST',
      });
    case 'remove snapshot':
      return request(`${snapshotsOf(asked.workload)}/${encodeURIComponent(asked.snapshot)}`, { method: 'DELETE' });
    case 'backup':
      return request(`${workloadPath(asked.workload)}/backups`, {
        method: 'POST',
        body: asked.to === undefined ? {} : { to: asked.to },
      });
    case 'verify':
      return request(`${backupPath(asked.backup)}/verify`, { method: 'POST' });
    case 'remove backup':
      return request(backupPath(asked.backup), { method: 'DELETE' });
    case 'bring back':
      return request(`${backupPath(asked.backup)}/restore`, { method: 'POST', body: { as: asked.as } });
    default:
      return asked satisfies never;
  }
};

export const useKept = () => {
  const client = useQueryClient();
  return useMutation({ mutationFn: ask, onSettled: () => refresh(client) });
};
