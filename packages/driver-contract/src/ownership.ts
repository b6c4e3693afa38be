import type { Ownership } from '@innkeeper/model';
import type { GuestOrder } from './contract.ts';

/** What a guest carries in its metadata: everything that an inventory would have to know of it. */
export const ownershipOf = ({ ownership, stored, claims }: Omit<GuestOrder, 'report'>): Ownership => ({
  ...ownership,
  spec: stored,
  claims: {
    uidStart: claims.uidStart,
    networks: claims.networks.map(({ network, mac, address, address6 }) => ({
      network,
      mac,
      ...(address === undefined ? {} : { address: address.ip }),
      ...(address6 === undefined ? {} : { address6: address6.ip }),
    })),
  },
});
