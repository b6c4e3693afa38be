import type { GuestClaims, NetworkClaim } from '@innkeeper/driver-contract';
import { type Db, type NetworkClaimRow, networkClaimsOf, orderNetworkClaims, uidClaimOf } from '@innkeeper/inventory';
import type { CompleteSpec, NetworkAttachment } from '@innkeeper/model';
import { claimOneNetwork, type NetworkRequest } from './claim.ts';
import { claimOf, heldNetwork } from './claimed.ts';

type Held = Pick<NetworkClaimRow, 'network' | 'mac' | 'address'>;

const fits = (wanted: NetworkAttachment, held: Held): boolean =>
  held.network === wanted.network &&
  (wanted.mac === undefined || wanted.mac === held.mac) &&
  (wanted.address === undefined || wanted.address === held.address);

const asksFor = ({ mac, address }: NetworkAttachment): boolean => mac !== undefined || address !== undefined;

/**
 * Which of the interfaces that a workload holds stands for each that it now asks for, by position; undefined for a new one.
 * Those that ask for a MAC or an address choose first, the others take what is left of their network, in order.
 */
export const matchInterfaces = <Row extends Held>(
  wanted: readonly NetworkAttachment[],
  held: readonly Row[],
): (Row | undefined)[] => {
  const left = new Set(held);
  const take = (one: NetworkAttachment): Row | undefined => {
    const found = [...left].find((row) => fits(one, row));
    if (found !== undefined) left.delete(found);
    return found;
  };
  const particular = wanted.map((one) => (asksFor(one) ? take(one) : undefined));
  return wanted.map((one, position) => (asksFor(one) ? particular[position] : take(one)));
};

/**
 * The claims of a guest that exists, for the interfaces that it is to have now: those that stay as they are, new ones claimed.
 * What it gives up stays claimed until the guest has let it go. To be called in a transaction.
 */
export const rewire = async (
  db: Db,
  request: NetworkRequest & { readonly spec: Pick<CompleteSpec, 'networks'> },
): Promise<GuestClaims> => {
  const { workloadId, spec, networks } = request;
  const held = await networkClaimsOf(db, workloadId);
  const matched = matchInterfaces(spec.networks, held);
  const leaving = held.filter((row) => !matched.includes(row));
  const kept = matched.flatMap((row, position) => (row === undefined ? [] : [{ mac: row.mac, position }]));
  const isSame = leaving.length === 0 && held.every((row, position) => row === matched[position]);
  if (!isSame) await orderNetworkClaims(db, workloadId, kept);
  const claims: NetworkClaim[] = [];
  for (const [position, wanted] of spec.networks.entries()) {
    const row = matched[position];
    claims.push(
      row === undefined
        ? await claimOneNetwork(db, request, wanted, position)
        : claimOf(
            row,
            networks.find(({ name }) => name === row.network),
          ),
    );
  }
  return {
    uidStart: (await uidClaimOf(db, workloadId)) ?? 0,
    networks: claims,
    ...(leaving.length === 0
      ? {}
      : {
          leaving: leaving.map(heldNetwork),
        }),
  };
};
