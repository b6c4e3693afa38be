import type { NetworkMode } from '@innkeeper/model';

/** Written out: with the schema of networks, all schemas would come along. */
export const modes = ['nat', 'isolated', 'bridge', 'macvtap'] as const satisfies readonly NetworkMode[];

export const modeText: Readonly<Record<NetworkMode, string>> = {
  nat: 'NAT: reaches the outside through its host',
  isolated: 'isolated: guests reach each other only',
  bridge: 'bridge: guests are on the network of their host',
  macvtap: 'macvtap: guests are on the network of an interface of their host, and do not reach the host itself',
};
