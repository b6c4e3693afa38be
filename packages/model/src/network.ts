import { z } from 'zod';
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
  if (Number(bits) < 16 || Number(bits) > 29) return 'must have between 16 and 29 bits, such as /24';
  const first = addressText(boundsOf(text)?.[0] ?? 0);
  if (first !== address) return `is an address within a subnet; the subnet is ${first}/${bits}`;
  if (!privateRanges.some((range) => contains(range, text)))
    return `is not of the private ranges ${privateRanges.join(', ')}`;
  return undefined;
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
      .meta({ description: 'IPv4; a free one is chosen when nothing is said' }),
    bridge: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, 'must be the name of an interface of the host, such as br0')
      .optional()
      .meta({ description: 'mode bridge: a bridge that hosts have already' }),
    project: nameField.optional().meta({ description: 'Only workloads of this project may use it' }),
    description: z.string().max(1000).optional(),
  })
  .superRefine(({ mode = 'nat', subnet, bridge }, ctx) => {
    if (mode === 'bridge' && bridge === undefined)
      ctx.addIssue({
        code: 'custom',
        path: ['bridge'],
        message: 'is missing: a network of mode bridge names a bridge of the host',
      });
    if (mode === 'bridge' && subnet !== undefined)
      ctx.addIssue({ code: 'custom', path: ['subnet'], message: 'is given by whoever gives addresses on that bridge' });
    if (mode !== 'bridge' && bridge !== undefined)
      ctx.addIssue({
        code: 'custom',
        path: ['bridge'],
        message: `is for mode: bridge; this one is ${mode} and gets a bridge of its own`,
      });
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
    mac: z.string(),
    workload: z.string(),
    /** `8080:80/tcp`, as published. */
    ports: z.array(z.string()),
  })
  .meta({ id: 'Lease' });
export type LeaseView = z.output<typeof leaseView>;
