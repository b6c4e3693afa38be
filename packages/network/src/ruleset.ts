import { isIPv4, isIPv6 } from 'node:net';
import { InnkeeperError, type Listener, type PublishedPort } from '@innkeeper/model';

/** A port of the host that leads to a guest. */
export interface PublishedGuest extends PublishedPort {
  /** IPv4, of the guest. */
  readonly address: string;
  /** IPv6, of a guest that has one. */
  readonly address6?: string;
  /** Interface of the host that the guest is behind. */
  readonly bridge: string;
}

const bridgePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;

/** Everything in a ruleset is checked once more where it is written: it is a program of the kernel's. */
const checked = (one: PublishedGuest): PublishedGuest => {
  const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;
  if (one.address6 !== undefined && !isIPv6(one.address6))
    throw new InnkeeperError('invalid', `${JSON.stringify(one)} cannot be published`);
  if (!isIPv4(one.address) || !bridgePattern.test(one.bridge) || !isPort(one.port) || !isPort(one.guestPort))
    throw new InnkeeperError('invalid', `${JSON.stringify(one)} cannot be published`);
  return one;
};

/** A program of the host that listens at one address keeps its port there; the guest has it everywhere else. */
const keptFor = ({ protocol, port }: PublishedGuest, listening: readonly Listener[]): string[] =>
  listening.flatMap((one) =>
    one.protocol === protocol && one.port === port && one.address !== undefined && isIPv4(one.address)
      ? [`    ip daddr ${one.address} ${protocol} dport ${port} return`]
      : [],
  );

const lead = (one: PublishedGuest): string[] => [
  `    ${one.protocol} dport ${one.port} dnat ip to ${one.address}:${one.guestPort}`,
  ...(one.address6 === undefined
    ? []
    : [`    ${one.protocol} dport ${one.port} dnat ip6 to [${one.address6}]:${one.guestPort}`]),
];

/** The bridges that something is published behind, each once. */
export const bridgesOf = (published: readonly PublishedGuest[]): string[] =>
  [...new Set(published.map((one) => checked(one).bridge))].sort();

/**
 * The whole table of one installation, as nftables reads it in one transaction: the old one is replaced at once.
 * Packets for an address of the host are led to the guest when they come from outside (`arriving`) and when they come
 * from the host itself (`leaving`). Answers must come back the same way, so that what came from the host's loopback or
 * from a guest of the same bridge gets the host's address there (`returning`). Loopback addresses leave the host only
 * because its bridges are told so (route_localnet); the other direction is shut (`spoofed`, CVE-2020-8558).
 */
export const rulesetOf = (
  table: string,
  published: readonly PublishedGuest[],
  listening: readonly Listener[] = [],
): string => {
  const bridges = bridgesOf(published);
  const sorted = [...published].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
  const names = bridges.map((bridge) => `"${bridge}"`);
  return `table inet ${table} {}
delete table inet ${table}
${
  names.length === 0
    ? ''
    : `table inet ${table} {
  chain spoofed {
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 drop
  }
  chain arriving {
    type nat hook prerouting priority dstnat - 10; policy accept;
    fib daddr type local jump published
  }
  chain leaving {
    type nat hook output priority -110; policy accept;
    fib daddr type local jump published
  }
  chain returning {
    type nat hook postrouting priority srcnat - 10; policy accept;
    ct status dnat ip saddr 127.0.0.0/8 oifname { ${names.join(', ')} } masquerade
${names.map((name) => `    ct status dnat iifname ${name} oifname ${name} masquerade`).join('\n')}
  }
  chain published {
${sorted.flatMap((one) => [...keptFor(one, listening), ...lead(checked(one))]).join('\n')}
  }
}
`
}`;
};
