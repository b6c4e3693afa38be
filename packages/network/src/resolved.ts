import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';

/** A network whose name server answers for its guests. */
export interface NamedNetwork {
  readonly name: string;
  /** Interface of the host on it. */
  readonly bridge: string;
  /** Where its name server answers. */
  readonly gateway: string;
  /** What its guests' names end in; the name server asks nobody else about these. */
  readonly domain: string;
}

const checkedLink = (bridge: string): string => {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/.test(bridge))
    throw new InnkeeperError('invalid', `"${bridge.slice(0, 40)}" is not the name of an interface`);
  return bridge;
};

/**
 * What systemd-resolved is told, as argument vectors. The domain is one to search in, not only to route by (`~`): a name of one
 * word is asked of no server otherwise. Nothing else is to be asked there, since that server asks the host's own
 * for what it does not know. [systemd 252, tried; resolvectl(1)] `told` are interfaces that had been told before.
 */
export const resolvedCommands = (networks: readonly NamedNetwork[], told: readonly string[]): string[][] => [
  ...told
    .filter((link) => networks.every(({ bridge }) => bridge !== link))
    .map((link) => ['resolvectl', 'revert', checkedLink(link)]),
  ...networks.flatMap(({ bridge, gateway, domain }) => {
    const link = checkedLink(bridge);
    return [
      ['resolvectl', 'dns', link, gateway],
      ['resolvectl', 'domain', link, domain],
      ['resolvectl', 'default-route', link, 'no'],
    ];
  }),
];

/** Whether systemd-resolved answers on this host. */
export const resolvedRuns = async (host: Host): Promise<boolean> => {
  if ((await host.files.facts('/run/systemd/resolve')) === undefined) return false;
  const { exitCode } = await host.run(['systemctl', 'is-active', '--quiet', 'systemd-resolved.service'], {
    expect: [0, 1, 3, 4, 127],
  });
  return exitCode === 0;
};
