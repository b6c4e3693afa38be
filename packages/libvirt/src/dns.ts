import { isIP } from 'node:net';
import { InnkeeperError } from '@innkeeper/model';
import { type VirshKind, virshKind } from './errors.ts';
import type { NetworkState } from './networks.ts';
import type { Virsh } from './virsh.ts';
import { checkedNetworkName } from './words.ts';
import { buildXml, el } from './xml/build.ts';
import { describeNetwork } from './xml/network.ts';

export interface DnsName {
  readonly ip: string;
  readonly name: string;
}

/**
 * Names that a network's DNS server answers for, in the running network and in its definition. It knows by itself only those
 * that have asked its DHCP server, which a container with an address of its definition never does.
 * Asked twice they answer the same; neither touches an entry of somebody else.
 */
export interface DnsNames {
  /** libvirt takes one entry for an address: one that somebody else wrote stays, and is no error. */
  addDnsName(network: string, entry: DnsName): Promise<void>;
  removeDnsName(network: string, entry: DnsName): Promise<void>;
}

type Where = 'live' | 'config';

/** The one call for both definitions failed: they differ, or one does not exist. */
const needsRepair: readonly (VirshKind | undefined)[] = ['dns_exists', 'network_inactive', 'not_persistent'];

const checked = ({ ip, name }: DnsName): DnsName => {
  if (isIP(ip) === 0) throw new InnkeeperError('invalid', `"${ip.slice(0, 60)}" is not an IP address`);
  return { ip, name };
};

export const dnsNames = (virsh: Virsh, list: () => Promise<NetworkState[]>): DnsNames => {
  const update = async (
    command: 'add' | 'delete',
    network: string,
    { ip, name }: DnsName,
    where: readonly Where[],
  ): Promise<void> => {
    const xml = buildXml(el('host', { ip }, command === 'add' && el('hostname', {}, name)));
    const args = ['--network', network, '--command', command, '--section', 'dns-host', '--xml', xml];
    const doing = `${command} the name ${name} of ${ip} ${command === 'add' ? 'to' : 'from'} network ${network}`;
    await virsh.run(doing, ['net-update', ...args, ...where.map((one) => `--${one}`)]);
  };

  const namesOf = async (network: string, where: Where, ip: string): Promise<readonly string[]> => {
    const inactive = where === 'config' ? ['--inactive'] : [];
    const xml = await virsh.run(`read network ${network}`, ['net-dumpxml', '--network', network, ...inactive]);
    return describeNetwork(xml).dnsHosts.flatMap((host) => (host.ip === ip ? host.names : []));
  };

  const each = async (
    network: string,
    { ip }: DnsName,
    failure: unknown,
    repair: (where: Where, names: readonly string[]) => Promise<void>,
  ): Promise<void> => {
    const state = (await list()).find((one) => one.name === network);
    if (state === undefined) throw failure;
    for (const where of [
      ...(state.active ? (['live'] as const) : []),
      ...(state.persistent ? (['config'] as const) : []),
    ]) {
      const names = await namesOf(network, where, ip);
      await repair(where, names);
    }
  };

  return {
    addDnsName: async (network, given) => {
      const [name, entry] = [checkedNetworkName(network), checked(given)];
      const addWhereMissing = async (where: Where, names: readonly string[]): Promise<void> => {
        if (names.length === 0) await update('add', name, entry, [where]);
      };
      try {
        await update('add', name, entry, ['live', 'config']);
      } catch (failure) {
        if (!needsRepair.includes(virshKind(failure))) throw failure;
        await each(name, entry, failure, addWhereMissing);
      }
    },
    removeDnsName: async (network, given) => {
      const [name, entry] = [checkedNetworkName(network), checked(given)];
      const drop = async (where: Where, names: readonly string[]): Promise<void> => {
        if (names.includes(entry.name)) await update('delete', name, entry, [where]);
      };
      // By address alone libvirt would take somebody else's entry: each is looked at first.
      await each(name, entry, new InnkeeperError('not_found', `There is no network ${name}`), drop);
    },
  };
};
