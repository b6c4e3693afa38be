import { z } from 'zod';
import { nameField } from './names.ts';
import { networkComplaints } from './network-complaints.ts';

import { networkModes } from './network-modes.ts';
import { isIPv4Text, subnetProblem } from './subnet.ts';

const interfacePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;

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
          'IPv4; a free one is chosen when nothing is said. Modes bridge and macvtap: that of the network there, for fixed addresses',
      }),
    gateway: z
      .string()
      .refine((text) => isIPv4Text(text), {
        error: (issue) => `"${String(issue.input).slice(0, 40)}" is not an IPv4 address such as 192.168.1.1`,
      })
      .optional()
      .meta({ description: 'modes bridge and macvtap with a subnet: the router there, also asked for names' }),
    ipv6: z
      .union([z.boolean(), z.string()])
      .optional()
      .meta({ description: 'Modes nat and isolated: true, or a prefix such as fd12:3456:789a:1::/64' }),
    bridge: z
      .string()
      .regex(interfacePattern, 'must be the name of an interface of the host, such as br0')
      .optional()
      .meta({ description: 'mode bridge: a bridge that hosts have already' }),
    link: z
      .string()
      .regex(interfacePattern, 'must be the name of an interface of the host, such as eth0')
      .optional()
      .meta({ description: 'mode macvtap: an interface that hosts have already, which guests share' }),
    project: nameField.optional().meta({ description: 'Only workloads of this project may use it' }),
    description: z.string().max(1000).optional(),
  })
  .superRefine((spec, ctx) => {
    for (const [field, message] of networkComplaints(spec)) ctx.addIssue({ code: 'custom', path: [field], message });
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
    /** Of modes bridge and macvtap. */
    gateway: z.string().optional(),
    bridge: z.string().optional(),
    link: z.string().optional(),
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
