import type { HeldNetwork, NetworkClaim } from '@innkeeper/driver-contract';
import { everywhere, isShared, type NetworkClaimRow } from '@innkeeper/inventory';
import { gateway6Of, type NetworkAttachment, prefixLength6 } from '@innkeeper/model';
import type { AvailableNetwork } from './networks.ts';

type Row = Pick<NetworkClaimRow, 'network' | 'mac' | 'address' | 'address6' | 'scope'>;

const unservedOf = (row: Row): { readonly unserved?: true } => (isShared(row) ? { unserved: true } : {});

/** What a guest is told of what it holds. */
export const claimOf = (row: Row, available: AvailableNetwork | undefined): NetworkClaim => {
  const { network, mac, address, address6 } = row;
  const { gateway, prefix, prefix6, direct } = available ?? {};
  return {
    network,
    mac,
    ...(address === null || gateway === undefined || prefix === undefined
      ? {}
      : { address: { ip: address, prefix, gateway, ...unservedOf(row) } }),
    ...(address6 === null || prefix6 === undefined
      ? {}
      : { address6: { ip: address6, prefix: prefixLength6, gateway: gateway6Of(prefix6) } }),
    ...(direct === true ? { direct } : {}),
  };
};

/** The same, for giving it back. */
export const heldNetwork = (row: Row): HeldNetwork => {
  const { network, mac, address, address6 } = row;
  return {
    network,
    mac,
    ...(address === null ? {} : { address: { ip: address, ...unservedOf(row) } }),
    ...(address6 === null ? {} : { address6: { ip: address6 } }),
  };
};

/** Of interfaces that plans say something about, before anything is claimed: of nobody, but as they will be. */
export const previewClaims = (
  networks: readonly NetworkAttachment[],
  available: readonly AvailableNetwork[],
): NetworkClaim[] =>
  networks
    .map(({ network, mac = '52:54:00:00:00:00', address = null }) => {
      const found = available.find(({ name }) => name === network);
      const scope = found?.lan === undefined ? '' : everywhere;
      return claimOf({ network, mac, address, address6: null, scope }, found);
    })
    .filter(({ address, direct }) => direct === true || address?.unserved === true);
