import type { HostNetwork, NetworkGroup } from '@innkeeper/driver-contract';
import { buildXml, el, type Libvirt, type NetworkState, type XmlElement } from '@innkeeper/libvirt';
import { InnkeeperError, isLan } from '@innkeeper/model';

/** What a network's guests are behind, and what they reach from there. */
const placeOf = ({
  mode,
  ipv6,
  bridge,
  link,
}: Pick<HostNetwork, 'mode' | 'ipv6' | 'bridge' | 'link'>): XmlElement[] => {
  const own = el('bridge', { stp: 'off', delay: 0 });
  switch (mode) {
    case 'nat':
      return [el('forward', { mode }, ipv6 !== undefined && el('nat', { ipv6: true })), own];
    case 'isolated':
      return [own];
    case 'bridge':
      return [el('forward', { mode }), el('bridge', { name: bridge })];
    case 'macvtap':
      // libvirt's word for interfaces that share a link and see each other. [formatnetwork, direct attachment]
      return [el('forward', { mode: 'bridge' }, el('interface', { dev: link }))];
    default:
      return mode satisfies never;
  }
};

/**
 * Without STP, which keeps what is new on a bridge silent for four seconds: nothing of ours makes a loop. libvirt names the
 * bridge. Its guests are called NAME.NETWORK.internal besides, which its name server asks nobody else about: the host's own
 * can send such names there without getting them back. [formatnetwork; ICANN, .internal]
 */
const networkXml = ({ name, uuid, mode, subnet, ipv6, bridge, link }: HostNetwork): string =>
  buildXml(
    el(
      'network',
      {},
      el('name', {}, name),
      el('uuid', {}, uuid),
      ...placeOf({ mode, ipv6, bridge, link }),
      !isLan(mode) && el('domain', { name: `${name}.internal`, localOnly: true }),
      subnet !== undefined &&
        el(
          'ip',
          { address: subnet.gateway, prefix: subnet.prefix },
          el('dhcp', {}, el('range', { start: subnet.range.start, end: subnet.range.end })),
        ),
      // Without DHCP: routers' advertisements say the prefix, and guests make their addresses of it.
      ipv6 !== undefined && el('ip', { family: 'ipv6', address: ipv6.gateway, prefix: ipv6.prefix }),
    ),
    { pretty: true },
  );

const find = async (libvirt: Libvirt, name: string): Promise<NetworkState | undefined> =>
  (await libvirt.networks()).find((one) => one.name === name);

/** Both backends have the networks of the same libvirt: either makes them for both. */
export const ownNetworks = (libvirt: Libvirt): NetworkGroup => ({
  ensureNetwork: async (network) => {
    const { name, uuid } = network;
    const found = await find(libvirt, name);
    if (found !== undefined && found.uuid !== uuid)
      throw new InnkeeperError('conflict', `This host has a network ${name} that Innkeeper did not make`);
    if (found?.persistent !== true) await libvirt.networkDefine(networkXml(network));
    if (found?.active !== true) await libvirt.networkStart(name);
    if (found?.autostart !== true) await libvirt.networkAutostart(name, true);
  },
  removeNetwork: async ({ name, uuid }) => {
    const found = await find(libvirt, name);
    if (found?.uuid !== uuid) return;
    if (found.active) await libvirt.networkDestroy(name);
    if (found.persistent) await libvirt.networkUndefine(name);
  },
});
