import type { AuditView, MeView, NewToken, TokenView } from '@innkeeper/model';
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { isForbidden } from './ApiError.ts';
import { itemsOf, statsMs } from './queries.ts';
import { refresh } from './refresh.ts';
import { request } from './request.ts';

/** Whose entries of the audit log are shown; empty for everybody's, and for whatever was changed. */
export interface AuditFilter {
  readonly who: string;
  readonly workload: string;
}

interface AuditPage {
  readonly items: readonly AuditView[];
  /** Where the page after it begins. */
  readonly next?: string;
}

const pageSize = 50;

/** Who is signed in: a token's role and projects never change. */
export const useMe = () =>
  useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => request<MeView>('/v1/me', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** A refusal is an entry of the audit log as well: who may not ask is not asked for again. */
const unlessForbidden = ({ state }: { readonly state: { readonly error: unknown } }): boolean =>
  !isForbidden(state.error);

/** Those that were revoked, too. */
export const useTokens = () =>
  useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => itemsOf<TokenView>('/v1/tokens', signal),
    enabled: unlessForbidden,
    refetchInterval: statsMs,
  });

export const useCreateToken = () => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (token: NewToken) =>
      request<TokenView & { readonly token: string }>('/v1/tokens', { method: 'POST', body: token }),
    // With the dialog that shows it, the secret is gone.
    gcTime: 0,
    onSuccess: () => refresh(client),
  });
};

export const useRevokeToken = () => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id }: TokenView) => request<undefined>(`/v1/tokens/${id}`, { method: 'DELETE' }),
    onSettled: () => refresh(client),
  });
};

const auditPath = ({ who, workload }: AuditFilter, before: string | undefined): string => {
  const query = new URLSearchParams({ limit: String(pageSize) });
  if (who !== '') query.set('who', who);
  if (workload !== '') query.set('workload', workload);
  if (before !== undefined) query.set('before', before);
  return `/v1/audit?${query}`;
};

/** Newest first; it follows what happens until somebody reads on in older pages. */
export const useAudit = (filter: AuditFilter) =>
  useInfiniteQuery({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) => request<AuditPage>(auditPath(filter, pageParam), { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
    enabled: unlessForbidden,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : statsMs),
  });
