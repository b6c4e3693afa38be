import {
  type HostView,
  type ImageView,
  isFinished,
  type ManifestPlan,
  type OperationView,
  type PlacementRecord,
  type PowerAction,
  type WorkloadDiff,
  type WorkloadSpec,
  type WorkloadView,
} from '@innkeeper/model';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { refresh } from './refresh.ts';
import { request } from './request.ts';

interface Items<T> {
  readonly items: readonly T[];
}

/** Events tell of changes; what guests use changes without one. */
export const statsMs = 10_000;
/** Nor is there one for each step: while something is being done, its progress is asked for. */
const progressMs = 1_500;

export const itemsOf = async <T>(path: string, signal: AbortSignal): Promise<readonly T[]> =>
  (await request<Items<T>>(path, { signal })).items;

export const useWorkloads = () =>
  useQuery({
    queryKey: ['workloads'],
    queryFn: ({ signal }) => itemsOf<WorkloadView>('/v1/workloads?stats=true', signal),
    refetchInterval: ({ state }) =>
      state.data?.some(({ operation }) => operation !== undefined) === true ? progressMs : statsMs,
  });

export const useHosts = () =>
  useQuery({
    queryKey: ['hosts'],
    queryFn: ({ signal }) => itemsOf<HostView>('/v1/hosts', signal),
    refetchInterval: statsMs,
  });

export const useOperations = () =>
  useQuery({
    queryKey: ['operations'],
    queryFn: ({ signal }) => itemsOf<OperationView>('/v1/operations?limit=50', signal),
    refetchInterval: ({ state }) =>
      state.data?.some((operation) => !isFinished(operation.state)) === true ? progressMs : statsMs,
  });

export const useImages = () =>
  useQuery({ queryKey: ['images'], queryFn: ({ signal }) => itemsOf<ImageView>('/v1/images', signal) });

const pathOf = (name: string): string => `/v1/workloads/${encodeURIComponent(name)}`;

export const usePlacement = (name: string) =>
  useQuery({
    queryKey: ['placement', name],
    queryFn: ({ signal }) => request<PlacementRecord>(`${pathOf(name)}/explain`, { signal }),
  });

/** What was asked of it against what is there, field by field. */
export const useDiff = (name: string) =>
  useQuery({
    queryKey: ['diff', name],
    queryFn: ({ signal }) => request<WorkloadDiff>(`${pathOf(name)}/diff`, { signal }),
  });

/** What applying this one specification would do; keeps showing the last plan while the next is made. */
export const usePlan = (name: string, spec: WorkloadSpec | undefined) =>
  useQuery({
    queryKey: ['plan', name, spec],
    queryFn: ({ signal }) =>
      request<ManifestPlan>('/v1/plan', { method: 'POST', body: { workloads: { [name]: spec } }, signal }),
    enabled: spec !== undefined,
    placeholderData: keepPreviousData,
    gcTime: 30_000,
  });

export type Action = PowerAction | 'remove' | 'adopt' | 'release';

export interface ActionRequest {
  readonly workload: Pick<WorkloadView, 'id' | 'name' | 'host'>;
  readonly action: Action;
}

const act = ({ workload: { id, name, host = '' }, action }: ActionRequest): Promise<OperationView> => {
  if (action === 'remove') return request(pathOf(name), { method: 'DELETE' });
  if (action === 'adopt')
    return request(`/v1/guests/${encodeURIComponent(id)}/adopt?host=${encodeURIComponent(host)}`, {
      method: 'POST',
      body: {},
    });
  return request(`${pathOf(name)}/${action}`, { method: 'POST' });
};

export const useAction = () => {
  const client = useQueryClient();
  return useMutation({ mutationFn: act, onSettled: () => refresh(client) });
};

export const useApply = () => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, spec }: { readonly name: string; readonly spec: WorkloadSpec }) =>
      request<OperationView | undefined>(pathOf(name), { method: 'PUT', body: spec }),
    onSuccess: () => refresh(client),
  });
};
