import {
  type Db,
  type HostRow,
  listHosts,
  listNetworks,
  lockNetworks,
  type NetworkRow,
  saveNetwork,
} from '@innkeeper/inventory';
import { isLan, type NetworkReport, type NetworkSpec, parseSubnet, type RecoveryView } from '@innkeeper/model';
import { networkUuid, reportedOn } from '../networks.ts';

/** As it would have been described: what says nothing else than what nothing said is left out. */
const specOf = ({ mode, gateway, prefix, range, ipv6, bridge, link }: NetworkReport): NetworkSpec => {
  const shared = isLan(mode);
  const subnet = shared || gateway === undefined || prefix === undefined ? undefined : `${gateway}/${prefix}`;
  return {
    ...(mode === undefined || mode === 'nat' ? {} : { mode }),
    ...(subnet === undefined || range === undefined ? {} : { subnet: subnetOf(subnet) }),
    ...(ipv6 === undefined || shared ? {} : { ipv6 }),
    ...(mode === 'bridge' && bridge !== undefined ? { bridge } : {}),
    ...(mode === 'macvtap' && link !== undefined ? { link } : {}),
  };
};

/** Our networks give the host the first address of their subnet. */
const subnetOf = (text: string): string => {
  const [address = '', bits = ''] = text.split('/');
  const parts = address.split('.').map(Number);
  const last = (parts[3] ?? 1) - 1;
  const subnet = `${parts.slice(0, 3).join('.')}.${last}/${bits}`;
  return parseSubnet(subnet).gateway === address ? subnet : text;
};

type Found = RecoveryView['networks'][number];

/** Networks that hosts have of this installation, and the inventory does not know. */
const lostNetworks = (installation: string, hosts: readonly HostRow[], own: readonly NetworkRow[]): Found[] => {
  const found = new Map<string, Found>();
  for (const host of hosts)
    for (const report of reportedOn(host)) {
      const { name, uuid } = report;
      if (uuid !== networkUuid(installation, name) || own.some((one) => one.name === name)) continue;
      const known = found.get(name);
      found.set(name, { name, spec: known?.spec ?? specOf(report), hosts: [...(known?.hosts ?? []), host.name] });
    }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
};

/** Makes networks of ours that are on hosts known again. What no host says of them is lost: project, description, subnets of others' networks. */
export const takeBackNetworks = async (tx: Db, installation: string): Promise<Found[]> => {
  await lockNetworks(tx);
  const found = lostNetworks(installation, await listHosts(tx), await listNetworks(tx));
  for (const { name, spec } of found) await saveNetwork(tx, name, spec);
  return found;
};
