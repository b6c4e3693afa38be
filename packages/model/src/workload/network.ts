import { z } from 'zod';
import { sizeField } from '../units.ts';

const macPattern = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const octet = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const ipv4Pattern = new RegExp(`^${octet}(\\.${octet}){3}$`);
const portPattern = /^(\d{1,5}):(\d{1,5})(\/(tcp|udp))?$/;

const isPort = (text: string | undefined): boolean => Number(text) >= 1 && Number(text) <= 65_535;

const found = (issue: { readonly input?: unknown }): string => `"${String(issue.input).slice(0, 40)}"`;

/** A port of the host that leads to a port of a guest. */
export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly guestPort: number;
}

/** Reads `8080:80` or `53:53/udp`; undefined for anything else. */
export const parsePort = (text: string): PublishedPort | undefined => {
  const match = portPattern.exec(text);
  if (match === null || !isPort(match[1]) || !isPort(match[2])) return undefined;
  return { protocol: match[4] === 'udp' ? 'udp' : 'tcp', port: Number(match[1]), guestPort: Number(match[2]) };
};

/** `8080/tcp`, as people and programs name a port of a host. */
export const portText = ({ protocol, port }: Pick<PublishedPort, 'protocol' | 'port'>): string => `${port}/${protocol}`;

const portField = z.string().refine((text) => parsePort(text) !== undefined, {
  error: (issue) => `${found(issue)} is not a published port such as 8080:80 or 53:53/udp`,
});

export const networkField = z
  .strictObject({
    network: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$/, 'must be the name of a libvirt network')
      .default('default'),
    address: z
      .string()
      .refine((text) => ipv4Pattern.test(text), {
        error: (issue) => `${found(issue)} is not an IPv4 address such as 192.168.122.50`,
      })
      .optional(),
    mac: z
      .string()
      .toLowerCase()
      .refine((text) => macPattern.test(text) && (Number.parseInt(text.slice(0, 2), 16) & 1) === 0, {
        error: (issue) => `${found(issue)} is not the MAC address of one interface, such as 52:54:00:aa:bb:01`,
      })
      .optional(),
    ports: z.array(portField).max(64).optional().meta({ description: 'Published ports: host:guest, /udp for UDP' }),
    limit: sizeField('1kB', '1TB', 'limit').optional().meta({ description: 'Most bytes a second, in each direction' }),
  })
  .meta({ id: 'NetworkAttachment', description: 'One network interface of a workload' });
export type NetworkAttachment = z.output<typeof networkField>;

/** What an interface publishes, with its position among the workload's interfaces. */
export interface Publication extends PublishedPort {
  readonly position: number;
}

/** All that a workload publishes, in the order of its interfaces. */
export const publicationsOf = (networks: readonly NetworkAttachment[]): Publication[] =>
  networks.flatMap(({ ports = [] }, position) =>
    ports.flatMap((text) => {
      const port = parsePort(text);
      return port === undefined ? [] : [{ ...port, position }];
    }),
  );
