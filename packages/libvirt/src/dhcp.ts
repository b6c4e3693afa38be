import { isIPv4 } from 'node:net';
import { InnkeeperError } from '@innkeeper/model';
import { type VirshKind, virshKind } from './errors.ts';
import type { NetworkState } from './networks.ts';
import type { Virsh } from './virsh.ts';
import { checkedNetworkName } from './words.ts';
import { buildXml, el } from './xml/build.ts';
import { type DhcpHost, describeNetwork } from './xml/network.ts';

export interface FixedAddress {
  readonly mac: string;
  readonly ip: string;
  /** What dnsmasq answers for; two entries may not share it. */
  readonly name?: string;
}

export interface AddressToRemove {
  readonly mac: string;
  /** When given, only an entry with exactly this address is removed. */
  readonly ip?: string;
}

/**
 * Entries for fixed addresses, in the running network and in its definition.
 * Asked twice they answer the same; neither touches an entry of somebody else.
 */
export interface DhcpHosts {
  /** Throws `conflict` when another entry holds the same MAC, address or name. */
  addDhcpHost(network: string, host: FixedAddress): Promise<void>;
  removeDhcpHost(network: string, host: AddressToRemove): Promise<void>;
}

type Where = 'live' | 'config';

/** The one call for both definitions failed: they differ, or one does not exist. */
const needsRepair: readonly (VirshKind | undefined)[] = [
  'dhcp_exists',
  'dhcp_missing',
  'network_inactive',
  'not_persistent',
];

const checkedHost = (host: AddressToRemove): DhcpHost & { readonly mac: string } => {
  const mac = host.mac.toLowerCase();
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac))
    throw new InnkeeperError('invalid', `"${host.mac.slice(0, 40)}" is not a MAC address`);
  if (host.ip !== undefined && !isIPv4(host.ip))
    throw new InnkeeperError('invalid', `"${host.ip.slice(0, 60)}" is not an IPv4 address`);
  return { mac, ip: host.ip, name: 'name' in host && typeof host.name === 'string' ? host.name : undefined };
};

const sameName = (entry: DhcpHost, wanted: DhcpHost): boolean =>
  wanted.name !== undefined && entry.name === wanted.name;
const isSame = (entry: DhcpHost, wanted: DhcpHost): boolean =>
  entry.mac === wanted.mac && entry.ip === wanted.ip && entry.name === wanted.name;
const clashes = (entry: DhcpHost, wanted: DhcpHost): boolean =>
  entry.mac === wanted.mac || entry.ip === wanted.ip || sameName(entry, wanted);

const shown = (host: DhcpHost): string => [host.mac, host.ip, host.name].filter((part) => part !== undefined).join(' ');

export const dhcpHosts = (virsh: Virsh, list: () => Promise<NetworkState[]>): DhcpHosts => {
  const update = async (
    command: 'add' | 'delete',
    network: string,
    host: DhcpHost,
    where: readonly Where[],
  ): Promise<void> => {
    const xml = buildXml(el('host', { mac: host.mac, name: host.name, ip: host.ip }));
    const args = ['--network', network, '--command', command, '--section', 'ip-dhcp-host', '--xml', xml];
    const doing = `${command === 'add' ? 'add' : 'remove'} the fixed address ${shown(host)} ${command === 'add' ? 'to' : 'from'} network ${network}`;
    await virsh.run(doing, ['net-update', ...args, ...where.map((one) => `--${one}`)]);
  };

  const entries = async (network: string, where: Where): Promise<readonly DhcpHost[]> => {
    const inactive = where === 'config' ? ['--inactive'] : [];
    const xml = await virsh.run(`read network ${network}`, ['net-dumpxml', '--network', network, ...inactive]);
    return describeNetwork(xml).ips.flatMap((ip) => ip.dhcp.hosts);
  };

  const definitions = async (network: string, failure: unknown): Promise<Where[]> => {
    const state = (await list()).find(({ name }) => name === network);
    if (state === undefined) throw failure;
    return [...(state.active ? (['live'] as const) : []), ...(state.persistent ? (['config'] as const) : [])];
  };

  const addWhereMissing = async (network: string, wanted: DhcpHost, failure: unknown): Promise<void> => {
    for (const where of await definitions(network, failure)) {
      const others = (await entries(network, where)).filter((entry) => clashes(entry, wanted));
      if (others.some((entry) => isSame(entry, wanted))) continue;
      const [other] = others;
      if (other !== undefined) {
        throw new InnkeeperError(
          'conflict',
          `Network ${network} already has the fixed address ${shown(other)}, which stands in the way of ${shown(wanted)}`,
        );
      }
      await update('add', network, wanted, [where]);
    }
  };

  const removeWherePresent = async (network: string, wanted: DhcpHost, failure: unknown): Promise<void> => {
    for (const where of await definitions(network, failure)) {
      for (const entry of await entries(network, where)) {
        const matches = entry.mac === wanted.mac && (wanted.ip === undefined || entry.ip === wanted.ip);
        if (matches) await update('delete', network, entry, [where]);
      }
    }
  };

  const orRepair = async (
    attempt: () => Promise<void>,
    repair: (network: string, host: DhcpHost, failure: unknown) => Promise<void>,
    network: string,
    host: DhcpHost,
  ): Promise<void> => {
    try {
      await attempt();
    } catch (failure) {
      if (!needsRepair.includes(virshKind(failure))) throw failure;
      await repair(network, host, failure);
    }
  };

  return {
    addDhcpHost: (network, host) => {
      const [name, wanted] = [checkedNetworkName(network), checkedHost(host)];
      return orRepair(() => update('add', name, wanted, ['live', 'config']), addWhereMissing, name, wanted);
    },
    removeDhcpHost: (network, host) => {
      const [name, wanted] = [
        checkedNetworkName(network),
        checkedHost({ mac: host.mac, ...(host.ip === undefined ? {} : { ip: host.ip }) }),
      ];
      return orRepair(() => update('delete', name, wanted, ['live', 'config']), removeWherePresent, name, wanted);
    },
  };
};
