import type { HeldNetwork } from '@innkeeper/driver-contract';
import { describeNetwork, type Libvirt, type NetworkDescription } from '@innkeeper/libvirt';
import { type NetworkMode, type NetworkReport, prefix6Of, prefixLength6 } from '@innkeeper/model';

/** Which of our modes a definition has; undefined for what we never write. */
const modeOf = ({ forwardMode, links }: NetworkDescription): NetworkMode | undefined => {
  if (forwardMode === undefined) return 'isolated';
  if (forwardMode === 'nat') return 'nat';
  if (forwardMode !== 'bridge' || links.length > 1) return undefined;
  return links.length === 0 ? 'bridge' : 'macvtap';
};

/** What a network has beside IPv4 and its DHCP server: enough to describe one of ours again. */
const shapeOf = (description: NetworkDescription): Pick<NetworkReport, 'mode' | 'ipv6' | 'link'> => {
  const mode = modeOf(description);
  const ipv6 = description.ips.find(({ family, prefix }) => family === 'ipv6' && prefix === prefixLength6);
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(ipv6 === undefined ? {} : { ipv6: prefix6Of(ipv6.address) }),
    ...(mode === 'macvtap' && description.links[0] !== undefined ? { link: description.links[0] } : {}),
  };
};

/** Networks of a libvirt with what is taken on them by others than us. */
export const reportNetworks = async (libvirt: Libvirt): Promise<NetworkReport[]> =>
  Promise.all(
    (await libvirt.networks()).map(async ({ name, active }): Promise<NetworkReport> => {
      const description = describeNetwork(await libvirt.networkXml(name, { inactive: !active }));
      const ipv4 = description.ips.find(({ family }) => family === 'ipv4');
      const leases = active ? await libvirt.leases(name) : [];
      const [range] = ipv4?.dhcp.ranges ?? [];
      return {
        name,
        ...(description.uuid === undefined ? {} : { uuid: description.uuid }),
        active,
        ...(description.bridge === undefined ? {} : { bridge: description.bridge }),
        ...shapeOf(description),
        ...(ipv4 === undefined ? {} : { gateway: ipv4.address }),
        ...(ipv4?.prefix === undefined ? {} : { prefix: ipv4.prefix }),
        ...(range === undefined ? {} : { range }),
        ...(description.domainName !== undefined && description.domainLocal ? { domain: description.domainName } : {}),
        taken: [
          ...new Set([
            ...(ipv4?.dhcp.hosts.flatMap(({ ip }) => (ip === undefined ? [] : [ip])) ?? []),
            ...leases.map(({ ip }) => ip),
          ]),
        ],
      };
    }),
  );

/**
 * Tells the network's DHCP server which address is whose, so that it gives a claimed one to nobody else, and its DNS server
 * who is called what. Those in `known` have been told already.
 */
export const reserveAddresses = async (
  libvirt: Libvirt,
  name: string,
  claims: readonly HeldNetwork[],
  known: ReadonlySet<string> = new Set(),
): Promise<void> => {
  for (const [position, { network, mac, address, address6 }] of claims.entries()) {
    if (address === undefined || address.unserved === true || known.has(mac)) continue;
    await libvirt.addDhcpHost(network, { mac, ip: address.ip, ...(position === 0 ? { name } : {}) });
    await libvirt.addDnsName(network, { ip: address.ip, name });
    if (address6 !== undefined) await libvirt.addDnsName(network, { ip: address6.ip, name });
  }
};

/** Takes the entries of the guest of that name back, and the leases that the guest got by them. */
export const releaseAddresses = async (libvirt: Libvirt, name: string, held: readonly HeldNetwork[]): Promise<void> => {
  for (const { network, mac, address, address6 } of held) {
    if (address === undefined || address.unserved === true) continue;
    await libvirt.removeDhcpHost(network, { mac });
    await libvirt.removeDnsName(network, { ip: address.ip, name });
    if (address6 !== undefined) await libvirt.removeDnsName(network, { ip: address6.ip, name });
    const lease = (await libvirt.leases(network)).find((one) => one.mac?.toLowerCase() === mac);
    const bridge = lease === undefined ? undefined : describeNetwork(await libvirt.networkXml(network)).bridge;
    if (lease !== undefined && bridge !== undefined) await libvirt.host.run(['dhcp_release', bridge, lease.ip, mac]);
  }
};
