import type { NetworkClaim } from '@innkeeper/driver-contract';

/** What a plan says of interfaces on a link of the host. [kernel, macvlan: what the link itself sends reaches no macvlan] */
export const directWarnings = (networks: readonly NetworkClaim[]): string[] =>
  networks.flatMap(({ network, direct }) =>
    direct === true
      ? [`network ${network}: the host and this guest do not see each other by it (macvtap); all others there do`]
      : [],
  );
