import { z } from 'zod';
import { prefix6Problem } from './ipv6.ts';
import { nameField } from './names.ts';

export const networkModes = ['nat', 'isolated', 'bridge'] as const;
export type NetworkMode = (typeof networkModes)[number];

/** An IPv4 subnet with what its addresses are for. */
export interface Subnet {
  readonly prefix: number;
  /** The first address, the host's own. */
  readonly gateway: string;
  /** First and last address for guests. */
  readonly range: { readonly start: string; readonly end: string };
}

/** An IPv4 address as a number, and back. */
export const addressNumber = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
export const addressText = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

const subnetPattern = /^((?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3})\/(\d{1,2})$/;

/** Ranges that are nobody's in particular, from which networks of one's own are made. [RFC 1918, RFC 6598] */
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

const boundsOf = (text: string): readonly [number, number] | undefined => {
  const [, address, bits] = subnetPattern.exec(text) ?? [];
  if (address === undefined || Number(bits) > 32) return undefined;
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(addressNumber(address) / size) * size;
  return [first, first + size - 1];
};

const contains = (outer: string, inner: string): boolean => {
  const [[from, to] = [0, -1], [first, last] = [0, 0]] = [boundsOf(outer), boundsOf(inner)];
  return from <= first && last <= to;
};

/** Whether two subnets have an address in common; what is none has none. */
export const overlaps = (one: string, other: string): boolean => {
  const [a, b] = [boundsOf(one), boundsOf(other)];
  return a !== undefined && b !== undefined && a[0] <= b[1] && b[0] <= a[1];
};

/** What is wrong with a subnet, as the end of a sentence. */
const subnetProblem = (text: string): string | undefined => {
  const [, address, bits] = subnetPattern.exec(text) ?? [];
  if (address === undefined) return 'is not a subnet such as 10.20.0.0/24';
  const first = addressText(boundsOf(text)?.[0] ?? 0);
  if (Number(bits) <= 32 && first !== address) return `is an address within a subnet; the subnet is ${first}/${bits}`;
  return undefined;
};

/** The same for one that is to be made; a host's own network has whatever subnet it has. */
const newSubnetProblem = (text: string): string | undefined => {
  const bits = Number(text.split('/')[1]);
  if (bits < 16 || bits > 29) return 'must have between 16 and 29 bits, such as /24';
  if (!privateRanges.some((range) => contains(range, text)))
    return `is not of the private ranges ${privateRanges.join(', ')}`;
  return undefined;
};

const lanSubnetProblem = (text: string): string | undefined => {
  const bits = Number(text.split('/')[1]);
  return bits < 8 || bits > 30 ? 'must have between 8 and 30 bits, such as /24' : undefined;
};

/** Whether an interface can have the address there: neither the subnet's own nor that of all. */
export const isHostAddress = (subnet: string, address: string): boolean => {
  const [first, last] = boundsOf(subnet) ?? [0, -1];
  const value = addressNumber(address);
  return first < value && value < last;
};

/** Throws nothing: a subnet that was checked has all of it. */
export const parseSubnet = (text: string): Subnet => {
  const [first, last] = boundsOf(text) ?? [0, 0];
  return {
    prefix: Number(text.split('/')[1]),
    gateway: addressText(first + 1),
    range: { start: addressText(first + 2), end: addressText(last - 1) },
  };
};

/** The first of many subnets that overlaps with none of these. */
export const freeSubnet = (taken: readonly string[]): string | undefined => {
  for (let second = 80; second < 256; second += 1)
    for (let third = 0; third < 256; third += 1) {
      const text = `10.${second}.${third}.0/24`;
      if (!taken.some((other) => overlaps(text, other))) return text;
    }
  return undefined;
};

interface Fields {
  readonly mode?: NetworkMode | undefined;
  readonly subnet?: string | undefined;
  readonly gateway?: string | undefined;
  readonly bridge?: string | undefined;
  readonly ipv6?: boolean | string | undefined;
}

/** A network that hosts are on already: its addresses are what they are. */
const bridgeComplaints = ({ subnet, gateway, bridge, ipv6 }: Fields): [string, string][] => {
  const complaints: [string, string][] = [];
  if (bridge === undefined)
    complaints.push(['bridge', 'is missing: a network of mode bridge names a bridge of the host']);
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
      'is for modes nat and isolated: on a bridge the network there gives IPv6 addresses, or none',
    ]);
  return complaints;
};

const ownComplaints = ({ mode = 'nat', subnet, gateway, bridge, ipv6 }: Fields): [string, string][] => {
  const complaints: [string, string][] = [];
  const problem = subnet === undefined ? undefined : newSubnetProblem(subnet);
  if (problem !== undefined) complaints.push(['subnet', `"${subnet}" ${problem}`]);
  const problem6 = typeof ipv6 === 'string' ? prefix6Problem(ipv6) : undefined;
  if (problem6 !== undefined) complaints.push(['ipv6', `"${String(ipv6).slice(0, 60)}" ${problem6}`]);
  if (gateway !== undefined)
    complaints.push(['gateway', `is for mode: bridge; in mode ${mode} the host is, at the first address`]);
  if (bridge !== undefined)
    complaints.push(['bridge', `is for mode: bridge; this one is ${mode} and gets a bridge of its own`]);
  return complaints;
};

const complaintsOf = (spec: Fields): [string, string][] =>
  spec.mode === 'bridge' ? bridgeComplaints(spec) : ownComplaints(spec);

/** What guests of it reach: see `docs/networks.md`. */
export const networkSpec = z
  .strictObject({
    mode: z.enum(networkModes).optional().meta({ description: 'nat when nothing is said' }),
    subnet: z
      .string()
      .refine((text) => subnetProblem(text) === undefined, {
        error: (issue) => `"${String(issue.input).slice(0, 40)}" ${subnetProblem(String(issue.input))}`,
      })
      .optional()
      .meta({
        description:
          'IPv4; a free one is chosen when nothing is said. Mode bridge: that of the network there, for fixed addresses',
      }),
    gateway: z
      .string()
      .refine((text) => boundsOf(`${text}/32`) !== undefined, {
        error: (issue) => `"${String(issue.input).slice(0, 40)}" is not an IPv4 address such as 192.168.1.1`,
      })
      .optional()
      .meta({ description: 'mode bridge with a subnet: the router there, also asked for names' }),
    ipv6: z
      .union([z.boolean(), z.string()])
      .optional()
      .meta({ description: 'Modes nat and isolated: true, or a prefix such as fd12:3456:789a:1::/64' }),
    bridge: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, 'must be the name of an interface of the host, such as br0')
      .optional()
      .meta({ description: 'mode bridge: a bridge that hosts have already' }),
    project: nameField.optional().meta({ description: 'Only workloads of this project may use it' }),
    description: z.string().max(1000).optional(),
  })
  .superRefine((spec, ctx) => {
    for (const [field, message] of complaintsOf(spec)) ctx.addIssue({ code: 'custom', path: [field], message });
  })
  .meta({ id: 'NetworkSpec', description: 'A network that Innkeeper makes on the hosts that need it' });
export type NetworkSpec = z.output<typeof networkSpec>;

/** As libvirt names networks; those of ours are host names too. */
export const networkName = nameField;

export const networkView = z
  .object({
    name: z.string(),
    /** False for one that was there without us: it is used, and not changed. */
    managed: z.boolean(),
    mode: z.enum(networkModes).optional(),
    subnet: z.string().optional(),
    /** Of its guests, beside IPv4. */
    ipv6: z.string().optional(),
    /** Of mode bridge. */
    gateway: z.string().optional(),
    bridge: z.string().optional(),
    project: z.string().optional(),
    description: z.string().optional(),
    /** Where it is, and whether it runs there. */
    hosts: z.array(z.object({ host: z.string(), active: z.boolean() })),
    /** Names of the workloads with an interface on it. */
    workloads: z.array(z.string()),
  })
  .meta({ id: 'Network' });
export type NetworkView = z.output<typeof networkView>;

export const leaseView = z
  .object({
    host: z.string(),
    address: z.string().optional(),
    address6: z.string().optional(),
    mac: z.string(),
    workload: z.string(),
    /** `8080:80/tcp`, as published. */
    ports: z.array(z.string()),
  })
  .meta({ id: 'Lease' });
export type LeaseView = z.output<typeof leaseView>;
