import { InnkeeperError } from '@innkeeper/model';
import { type DhcpHosts, dhcpHosts } from './dhcp.ts';
import { type DnsNames, dnsNames } from './dns.ts';
import { type Lease, parseLeases } from './leases.ts';
import type { Virsh } from './virsh.ts';
import { checkedNetworkName, isUuid } from './words.ts';

export interface NetworkState {
  readonly name: string;
  readonly uuid: string;
  readonly active: boolean;
  readonly autostart: boolean;
  readonly persistent: boolean;
}

export interface Networks extends DhcpHosts, DnsNames {
  /** Every network, in two questions however many there are. */
  networks(): Promise<NetworkState[]>;
  /** The running definition of an active network; `inactive` the one that the next start uses. Throws `not_found`. */
  networkXml(name: string, options?: { readonly inactive?: boolean }): Promise<string>;
  /** Already active is success. */
  networkStart(name: string): Promise<void>;
  networkDefine(xml: string): Promise<void>;
  /** Not active is success. */
  networkDestroy(name: string): Promise<void>;
  /** Not there is success. */
  networkUndefine(name: string): Promise<void>;
  networkAutostart(name: string, on: boolean): Promise<void>;
  /** Addresses the network's DHCP server has given out. */
  leases(network: string): Promise<Lease[]>;
}

/** Reads `virsh net-info`; undefined when the network vanished in between. */
export const parseNetworkInfo = (text: string): NetworkState | undefined => {
  const field = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'm').exec(text)?.[1] ?? '';
  const uuid = field('UUID');
  if (!isUuid(uuid)) return undefined;
  const yes = (name: string): boolean => field(name) === 'yes';
  return {
    name: field('Name'),
    uuid,
    active: yes('Active'),
    autostart: yes('Autostart'),
    persistent: yes('Persistent'),
  };
};

const vanished = /failed to get network|Network not found/;

export const networks = (virsh: Virsh): Networks => {
  const act = (doing: string, command: string, name: string, ...options: readonly string[]): Promise<string> =>
    virsh.run(`${doing} network ${name}`, [command, '--network', checkedNetworkName(name), ...options]);

  /** libvirt's own words for "it is so already" differ between versions: the state decides. */
  const actUnless = async (
    command: string,
    doing: string,
    name: string,
    settled: (state: NetworkState | undefined) => boolean,
  ) => {
    try {
      await act(doing, command, name);
    } catch (error) {
      if (!(error instanceof InnkeeperError) || error.code === 'transient') throw error;
      const state = (await list()).find((network) => network.name === name);
      if (!settled(state)) throw error;
    }
  };

  const list = async (): Promise<NetworkState[]> => {
    const listed = await virsh.run('list the networks', ['net-list', '--all', '--uuid']);
    const uuids = listed
      .split('\n')
      .map((line) => line.trim())
      .filter(isUuid);
    if (uuids.length === 0) return [];
    const commands = uuids.map((uuid) => ['net-info', '--network', uuid]);
    const sections = await virsh.batch('read the networks', commands, { tolerate: vanished });
    return sections.flatMap((section) => parseNetworkInfo(section) ?? []);
  };

  return {
    ...dhcpHosts(virsh, list),
    ...dnsNames(virsh, list),
    networks: list,
    networkXml: (name, options = {}) =>
      act('read', 'net-dumpxml', name, ...(options.inactive === true ? ['--inactive'] : [])),
    networkStart: (name) => actUnless('net-start', 'start', name, (state) => state?.active === true),
    networkDefine: async (xml) => {
      await virsh.runWithFile('define a network', ['net-define'], xml);
    },
    networkDestroy: (name) => actUnless('net-destroy', 'stop', name, (state) => state?.active !== true),
    networkUndefine: (name) => actUnless('net-undefine', 'undefine', name, (state) => state?.persistent !== true),
    networkAutostart: async (name, on) => {
      await act('set the autostart of', 'net-autostart', name, ...(on ? [] : ['--disable']));
    },
    leases: async (network) => parseLeases(await act('read the leases of', 'net-dhcp-leases', network)),
  };
};
