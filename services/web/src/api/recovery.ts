import type { Finding, RecoveryView } from '@innkeeper/model';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { isForbidden } from './ApiError.ts';
import { itemsOf } from './queries.ts';
import { ownPace, refresh } from './refresh.ts';
import { request } from './request.ts';

/** The doctor goes to every host. After another database has come, events begin anew, and it is asked at once. */
const doctorMs = 600_000;

/** What the doctor says of the inventory; undefined while its database is not behind what hosts know. */
export const useInventoryFinding = (): Finding | undefined =>
  useQuery({
    queryKey: ['doctor'],
    queryFn: ({ signal }) => itemsOf<Finding>('/v1/doctor', signal),
    select: (findings) => findings.find(({ check, level }) => check === 'inventory' && level !== 'ok'),
    meta: ownPace,
    staleTime: doctorMs,
    refetchInterval: doctorMs,
    refetchOnWindowFocus: false,
    // A refusal is an entry of the audit log.
    enabled: ({ state }) => !isForbidden(state.error),
  }).data;

const recover = (body: { readonly apply?: true }, signal?: AbortSignal): Promise<RecoveryView> =>
  request('/v1/recover', { method: 'POST', body, ...(signal === undefined ? {} : { signal }) });

/** What would be taken back, looked up once each time that somebody wants to see it: every host is read for it. */
export const useRecoveryPlan = () =>
  useQuery({
    queryKey: ['recovery'],
    queryFn: ({ signal }) => recover({}, signal),
    meta: ownPace,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

export const useTakeBack = () => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => recover({ apply: true }),
    onSettled: () => Promise.all([refresh(client), client.invalidateQueries({ queryKey: ['doctor'] })]),
  });
};
