import type { HeldNetwork, NetworkClaim } from '@innkeeper/driver-contract';
import { isShared, type NetworkClaimRow } from '@innkeeper/inventory';
import type { AvailableNetwork } from './networks.ts';

type Row = Pick<NetworkClaimRow, 'network' | 'mac' | 'address' | 'scope'>;

/** What a guest is told of what it holds. */
export const claimOf = (row: Row, network: AvailableNetwork | undefined): NetworkClaim => {
  const { mac, address } = row;
  const { gateway, prefix } = network ?? {};
  if (address === null || gateway === undefined || prefix === undefined) return { network: row.network, mac };
  const unserved = isShared(row) ? { unserved: true } : {};
  return { network: row.network, mac, address: { ip: address, prefix, gateway, ...unserved } };
};

/** The same, for giving it back. */
export const heldNetwork = (row: Row): HeldNetwork => {
  const { network, mac, address } = row;
  if (address === null) return { network, mac };
  return { network, mac, address: { ip: address, ...(isShared(row) ? { unserved: true } : {}) } };
};
