import { prefix6Problem } from './ipv6.ts';
import { isLan, type NetworkMode } from './network-modes.ts';
import { isHostAddress, privateRanges, subnetContains } from './subnet.ts';

/** The same for one that is to be made; a host's own network has whatever subnet it has. */
const newSubnetProblem = (text: string): string | undefined => {
  const bits = Number(text.split('/')[1]);
  if (bits < 16 || bits > 29) return 'must have between 16 and 29 bits, such as /24';
  if (!privateRanges.some((range) => subnetContains(range, text)))
    return `is not of the private ranges ${privateRanges.join(', ')}`;
  return undefined;
};

const lanSubnetProblem = (text: string): string | undefined => {
  const bits = Number(text.split('/')[1]);
  return bits < 8 || bits > 30 ? 'must have between 8 and 30 bits, such as /24' : undefined;
};

type Complaint = readonly [field: string, message: string];

interface Fields {
  readonly mode?: NetworkMode | undefined;
  readonly subnet?: string | undefined;
  readonly gateway?: string | undefined;
  readonly bridge?: string | undefined;
  readonly link?: string | undefined;
  readonly ipv6?: boolean | string | undefined;
}

/** Which interface of the host a network is on is said in the field of its mode, and in no other. */
const interfaceComplaints = ({ mode = 'nat', bridge, link }: Fields): Complaint[] => {
  const complaints: Complaint[] = [];
  const other = isLan(mode) ? `this one is ${mode}` : `this one is ${mode} and gets a bridge of its own`;
  if (mode === 'bridge' && bridge === undefined)
    complaints.push(['bridge', 'is missing: a network of mode bridge names a bridge of the host']);
  if (mode !== 'bridge' && bridge !== undefined) complaints.push(['bridge', `is for mode: bridge; ${other}`]);
  if (mode === 'macvtap' && link === undefined)
    complaints.push(['link', 'is missing: a network of mode macvtap names an interface of the host, such as eth0']);
  if (mode !== 'macvtap' && link !== undefined) complaints.push(['link', `is for mode: macvtap; ${other}`]);
  return complaints;
};

/** A network that hosts are on already. */
const lanComplaints = ({ mode, subnet, gateway, ipv6 }: Fields): Complaint[] => {
  const complaints: Complaint[] = [];
  const problem = subnet === undefined ? undefined : lanSubnetProblem(subnet);
  if (problem !== undefined) complaints.push(['subnet', `"${subnet}" ${problem}`]);
  if (subnet !== undefined && gateway === undefined)
    complaints.push(['gateway', `is missing: the address of the router of ${subnet}, which guests send by`]);
  if (subnet === undefined && gateway !== undefined)
    complaints.push(['subnet', `is missing: gateway ${gateway} is the router of a subnet such as 192.168.1.0/24`]);
  if (subnet !== undefined && gateway !== undefined && !isHostAddress(subnet, gateway))
    complaints.push(['gateway', `"${gateway}" is not an address of ${subnet}`]);
  if (ipv6 !== undefined && ipv6 !== false)
    complaints.push([
      'ipv6',
      `is for modes nat and isolated: in mode ${mode} the network there gives IPv6 addresses, or none`,
    ]);
  return complaints;
};

const ownComplaints = ({ mode = 'nat', subnet, gateway, ipv6 }: Fields): Complaint[] => {
  const complaints: Complaint[] = [];
  const problem = subnet === undefined ? undefined : newSubnetProblem(subnet);
  if (problem !== undefined) complaints.push(['subnet', `"${subnet}" ${problem}`]);
  const problem6 = typeof ipv6 === 'string' ? prefix6Problem(ipv6) : undefined;
  if (problem6 !== undefined) complaints.push(['ipv6', `"${String(ipv6).slice(0, 60)}" ${problem6}`]);
  if (gateway !== undefined)
    complaints.push(['gateway', `is for modes bridge and macvtap; in mode ${mode} the host is, at the first address`]);
  return complaints;
};

/** What fields of a network, each valid by itself, say wrongly together. */
export const networkComplaints = (spec: Fields): Complaint[] => [
  ...interfaceComplaints(spec),
  ...(isLan(spec.mode) ? lanComplaints(spec) : ownComplaints(spec)),
];
