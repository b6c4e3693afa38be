/** An address that a network's DHCP server gave out. */
export interface Lease {
  /** Milliseconds since 1970. */
  readonly expiresMs: number;
  /** Lower case, colons. */
  readonly mac: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly ip: string;
  readonly prefix: number;
  /** As the guest calls itself: anything. */
  readonly hostname: string | undefined;
  readonly clientId: string | undefined;
}

const row =
  /^\s*(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\s+([0-9a-f]{2}(?::[0-9a-f]{2}){5})\s+(ipv[46])\s+([0-9a-f.:]+)\/(\d{1,3})\s+(.*?)\s+(\S+)\s*$/i;

const known = (text: string | undefined): string | undefined =>
  text === undefined || text === '' || text === '-' ? undefined : text;

/** Reads the table of `virsh net-dhcp-leases`, printed in UTC. A line that is none (the heading) is skipped. */
export const parseLeases = (text: string): Lease[] =>
  text.split('\n').flatMap((line): Lease[] => {
    const match = row.exec(line);
    if (match === null) return [];
    const [, day, time, mac = '', family, ip = '', prefix, hostname, clientId] = match;
    return [
      {
        expiresMs: Date.parse(`${day}T${time}Z`),
        mac: mac.toLowerCase(),
        family: family === 'ipv6' ? 'ipv6' : 'ipv4',
        ip,
        prefix: Number(prefix),
        hostname: known(hostname),
        clientId: known(clientId),
      },
    ];
  });
