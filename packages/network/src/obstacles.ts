import type { Host } from '@innkeeper/host';
import { type NetworkReport, overlaps } from '@innkeeper/model';

/** What on a host keeps guests from being reached, or from reaching outside. */
export interface Obstacle {
  readonly text: string;
  readonly fix: string;
}

/** What of a host's networking they are found in. */
export interface Ground {
  /** `net.ipv4.ip_forward` */
  readonly forwards: boolean;
  /** `iptables -S`, or nothing without iptables. */
  readonly rules: string;
  readonly routes: readonly Route[];
}

export interface Route {
  /** `default`, an address, or a subnet. */
  readonly dst: string;
  readonly dev?: string;
}

/** Docker's chain for rules of others, or else the chain itself. [docs.docker.com, packet filtering] */
const chainFor = (rules: string): string => (rules.includes('-A FORWARD -j DOCKER-USER') ? 'DOCKER-USER' : 'FORWARD');

/** Whether libvirt's own rules are in iptables; else they are in nftables, and iptables' do not know of them. */
const hasLibvirt = (rules: string): boolean => /^-N LIBVIRT_FWI$/m.test(rules);

/** Whether somebody lets through what comes from a bridge, where others may. */
const letsThrough = (rules: string, bridge: string): boolean =>
  rules
    .split('\n')
    .some((rule) => /^-A (FORWARD|DOCKER-USER) .*-j ACCEPT$/.test(rule) && rule.includes(` -i ${bridge} `));

const refusals = ({ rules }: Ground, networks: readonly NetworkReport[]): Obstacle[] => {
  if (!/^-P FORWARD DROP$/m.test(rules) || hasLibvirt(rules)) return [];
  const chain = chainFor(rules);
  return networks.flatMap(({ name, bridge, active }): Obstacle[] => {
    if (bridge === undefined || !active || letsThrough(rules, bridge)) return [];
    return [
      {
        text: `packets of the network ${name} are dropped: the policy of iptables' chain FORWARD is DROP (Docker sets it), and libvirt's rules are in nftables`,
        fix: `iptables -I ${chain} -i ${bridge} -j ACCEPT && iptables -I ${chain} -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT`,
      },
    ];
  });
};

const conflicts = ({ routes }: Ground, networks: readonly NetworkReport[]): Obstacle[] =>
  networks.flatMap(({ name, bridge, gateway, prefix, active }): Obstacle[] => {
    if (!active || gateway === undefined || prefix === undefined) return [];
    const subnet = `${gateway}/${prefix}`;
    return routes
      .filter(
        ({ dst, dev }) =>
          dev !== bridge && dev !== undefined && overlaps(dst.includes('/') ? dst : `${dst}/32`, subnet),
      )
      .map(({ dst, dev }) => ({
        text: `the network ${name} (${subnet}) and the route to ${dst} over ${dev ?? ''} overlap: some guests are looked for there (a VPN?)`,
        fix: `use a network with another subnet (inn network create), or leave ${dst} out of what goes over ${dev ?? ''}`,
      }));
  });

/** Pure; see {@link readGround}. */
export const obstaclesOf = (ground: Ground, networks: readonly NetworkReport[]): Obstacle[] => [
  ...(ground.forwards || networks.every(({ active }) => !active)
    ? []
    : [{ text: 'guests reach nothing outside: net.ipv4.ip_forward is 0', fix: 'sysctl -w net.ipv4.ip_forward=1' }]),
  ...refusals(ground, networks),
  ...conflicts(ground, networks),
];

const parseRoutes = (text: string): Route[] => {
  try {
    return JSON.parse(text === '' ? '[]' : text) as Route[];
  } catch {
    return [];
  }
};

/** Two questions to the host, and a file of it. */
export const readGround = async (host: Host): Promise<Ground> => {
  const anything = { expect: [0, 1, 2, 3, 4, 127] };
  const [forwards, rules, routes] = await Promise.all([
    host.files.readTextIfThere('/proc/sys/net/ipv4/ip_forward'),
    host.run(['iptables', '-w', '-S'], anything),
    host.run(['ip', '-j', '-4', 'route'], anything),
  ]);
  return {
    forwards: forwards?.trim() === '1',
    rules: rules.stdout,
    routes: parseRoutes(routes.stdout),
  };
};
