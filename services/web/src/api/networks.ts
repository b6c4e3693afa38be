import type { LeaseView, NetworkSpec, NetworkView } from '@innkeeper/model';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ApiError } from './ApiError.ts';
import { itemsOf, statsMs } from './queries.ts';
import { refresh } from './refresh.ts';
import { request } from './request.ts';

const pathOf = (name: string): string => `/v1/networks/${encodeURIComponent(name)}`;

/** A network with every interface on it. */
export interface NetworkWithLeases {
  readonly network: NetworkView;
  readonly leases: readonly LeaseView[];
}

const withLeases = async (network: NetworkView, signal: AbortSignal): Promise<NetworkWithLeases[]> => {
  try {
    return [{ network, leases: await itemsOf<LeaseView>(`${pathOf(network.name)}/leases`, signal) }];
  } catch (error) {
    // Removed since the list was read.
    if (error instanceof ApiError && error.problem.status === 404) return [];
    throw error;
  }
};

/** Read together: leases of their own would be asked for once more when their network has just gone. */
export const useNetworks = () =>
  useQuery({
    queryKey: ['networks'],
    queryFn: async ({ signal }) => {
      const networks = await itemsOf<NetworkView>('/v1/networks', signal);
      return (await Promise.all(networks.map((network) => withLeases(network, signal)))).flat();
    },
    refetchInterval: statsMs,
  });

export const usePutNetwork = () => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, spec }: { readonly name: string; readonly spec: NetworkSpec }) =>
      request<NetworkView | undefined>(pathOf(name), { method: 'PUT', body: spec }),
    onSuccess: () => refresh(client),
  });
};

export const useRemoveNetwork = () => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => request<undefined>(pathOf(name), { method: 'DELETE' }),
    onSettled: () => refresh(client),
  });
};
