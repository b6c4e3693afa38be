import { type Ownership, withoutFirstBoot } from '@innkeeper/model';
import type { GuestOrder } from './contract.ts';

/**
 * What a guest carries in its metadata: everything that an inventory would have to know of it, but for what its first boot
 * was told. Others who may talk to libvirt read it, and on its way there it is seen in lists of processes.
 */
export const ownershipOf = ({ ownership, stored, claims }: Omit<GuestOrder, 'report'>): Ownership => ({
  ...ownership,
  spec: withoutFirstBoot(stored),
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
