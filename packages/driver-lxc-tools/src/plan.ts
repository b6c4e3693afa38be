import type { GuestOrder, GuestPlan } from '@innkeeper/driver-contract';
import { formatSize, InnkeeperError, uidRangeSize } from '@innkeeper/model';
import type { Definition } from './definition.ts';

const bridgesOf = ({ claims, report }: GuestOrder): Definition['bridges'] =>
  Object.fromEntries(
    claims.networks.map(({ network }) => {
      const bridge = report.networks.find(({ name }) => name === network)?.bridge;
      if (bridge === undefined)
        throw new InnkeeperError('unsupported', `lxc-tools knows no bridge of the network ${network} on this host`);
      return [network, bridge];
    }),
  );

/** Files of the guest that say who and where it is. */
export const guestFiles = ({ name, claims }: Definition): Readonly<Record<string, string>> => {
  const address = claims.networks.find((claim) => claim.address !== undefined)?.address;
  return {
    'etc/hostname': `${name}\n`,
    'etc/hosts': `127.0.0.1 localhost\n::1 localhost\n${address?.ip ?? '127.0.1.1'} ${name}\n`,
    ...(address === undefined ? {} : { 'etc/resolv.conf': `nameserver ${address.gateway}\n` }),
  };
};

export const planContainer = (order: GuestOrder): GuestPlan => {
  const { report: _used, ...rest } = order;
  const { spec, claims } = order;
  if (spec.image.family !== 'linux')
    throw new InnkeeperError(
      'unsupported',
      `lxc-tools cannot run ${spec.image.name}: a container shares the host's Linux kernel`,
    );
  if (spec.isolation === 'strong')
    throw new InnkeeperError('unsupported', 'lxc-tools cannot give a kernel of its own (isolation: strong)');
  const definition: Definition = { ...rest, bridges: bridgesOf(order) };
  return {
    name: order.name,
    uuid: order.uuid,
    mapping: [
      `cpus ${spec.cpus}: cgroup quota of ${spec.cpus} × 100 ms in every 100 ms`,
      `memory ${formatSize(spec.memoryBytes)}: cgroup limit; what it does not use stays with the host`,
      `root: an overlay over the shared image ${spec.image.name}`,
      `ids: 0–65535 inside are ${claims.uidStart}–${claims.uidStart + uidRangeSize - 1} on the host`,
    ],
    warnings: [
      `disk ${formatSize(spec.diskBytes)} is not enforced here: an overlay directory has no quota`,
      ...(claims.networks.some(({ address }) => address !== undefined)
        ? ["the network's DHCP server is not told of the address: another guest could be given it"]
        : []),
    ],
    definition: definition as unknown as Record<string, unknown>,
  };
};
