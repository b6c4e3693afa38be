import { attribute, childNamed, elements, numberAttribute, textOf } from './query.ts';
import { parseXml, type XmlElement } from './tree.ts';

/** A fixed address that a network's DHCP server gives one guest. */
export interface DhcpHost {
  /** Lower case, colons. */
  readonly mac: string | undefined;
  readonly ip: string | undefined;
  readonly name: string | undefined;
}

export interface NetworkAddress {
  /** The host's own address on the network. */
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Bits; from the netmask where that is what was written. */
  readonly prefix: number | undefined;
  readonly dhcp: {
    readonly ranges: readonly { readonly start: string; readonly end: string }[];
    readonly hosts: readonly DhcpHost[];
  };
}

export interface NetworkDescription {
  readonly name: string;
  readonly uuid: string | undefined;
  readonly bridge: string | undefined;
  /** `nat`, `route`, `open`, `bridge`, …; undefined: isolated. */
  readonly forwardMode: string | undefined;
  /** Interfaces of the host that it leads to, by name. */
  readonly links: readonly string[];
  readonly domainName: string | undefined;
  /** Whether its DNS server asks nobody else for names of the domain. */
  readonly domainLocal: boolean;
  readonly ips: readonly NetworkAddress[];
  /** What its DNS server answers beside what its DHCP server knows. */
  readonly dnsHosts: readonly { readonly ip: string | undefined; readonly names: readonly string[] }[];
}

const bitsOfMask = (mask: string | undefined): number | undefined => {
  const bytes = mask?.split('.').map(Number);
  if (bytes?.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255))) return undefined;
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.includes('0') ? bits.indexOf('0') : 32;
};

const dhcpHost = (element: XmlElement): DhcpHost => ({
  mac: attribute(element, 'mac')?.toLowerCase(),
  ip: attribute(element, 'ip'),
  name: attribute(element, 'name'),
});

const range = (element: XmlElement): { start: string; end: string }[] => {
  const [start, end] = [attribute(element, 'start'), attribute(element, 'end')];
  return start === undefined || end === undefined ? [] : [{ start, end }];
};

const networkAddress = (element: XmlElement): NetworkAddress => {
  const address = attribute(element, 'address') ?? '';
  const dhcp = childNamed(element, 'dhcp');
  return {
    address,
    family: address.includes(':') ? 'ipv6' : 'ipv4',
    prefix: numberAttribute(element, 'prefix') ?? bitsOfMask(attribute(element, 'netmask')),
    dhcp: { ranges: elements(dhcp, 'range').flatMap(range), hosts: elements(dhcp, 'host').map(dhcpHost) },
  };
};

/** Reads a network's definition of any provenance. Throws `invalid` only when it is no XML. */
export const describeNetwork = (xml: string): NetworkDescription => {
  const { root } = parseXml(xml);
  const forward = childNamed(root, 'forward');
  return {
    name: textOf(childNamed(root, 'name')) ?? '',
    uuid: textOf(childNamed(root, 'uuid')),
    bridge: attribute(childNamed(root, 'bridge'), 'name'),
    // <forward/> without a mode means nat.
    forwardMode: forward === undefined ? undefined : (attribute(forward, 'mode') ?? 'nat'),
    links: elements(forward, 'interface').flatMap((one) => attribute(one, 'dev') ?? []),
    domainName: attribute(childNamed(root, 'domain'), 'name'),
    domainLocal: attribute(childNamed(root, 'domain'), 'localOnly') === 'yes',
    ips: elements(root, 'ip').map(networkAddress),
    dnsHosts: elements(childNamed(root, 'dns'), 'host').map((host) => ({
      ip: attribute(host, 'ip'),
      names: elements(host, 'hostname').flatMap((one) => textOf(one) ?? []),
    })),
  };
};
