import { type LeaseView, type NetworkView, networkSpec, parseWith } from '@innkeeper/model';
import type { Command } from 'commander';
import { checkFormat, outputOption, printItems, say } from '../show/output.ts';
import { table } from '../show/table.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

const places = ({ hosts }: NetworkView): string =>
  hosts.map(({ host, active }) => (active ? host : `${host} (stopped)`)).join(', ') || 'made where it is needed';

const listText = (views: readonly NetworkView[]): string =>
  table(
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'MODE', value: ({ managed, mode }) => (managed ? (mode ?? '') : 'foreign') },
      { title: 'SUBNET', value: ({ subnet }) => subnet ?? '–' },
      { title: 'BRIDGE', value: ({ bridge, link }) => bridge ?? link ?? '–' },
      { title: 'PROJECT', value: ({ project }) => project ?? 'any' },
      { title: 'HOSTS', value: places },
      { title: 'WORKLOADS', value: ({ workloads }) => String(workloads.length) },
    ],
    views,
  );

const leaseText = (leases: readonly LeaseView[]): string =>
  table(
    [
      { title: 'ADDRESS', value: ({ address }) => address ?? 'given by the network' },
      ...(leases.some(({ address6 }) => address6 !== undefined)
        ? [{ title: 'IPV6', value: ({ address6 }: LeaseView) => address6 ?? '–' }]
        : []),
      { title: 'MAC', value: ({ mac }) => mac },
      { title: 'WORKLOAD', value: ({ workload }) => workload },
      { title: 'HOST', value: ({ host }) => host },
      { title: 'PORTS', value: ({ ports }) => ports.join(', ') || '–' },
    ],
    leases,
  );

const addReading = (networks: Command): void => {
  networks
    .command('ls', { isDefault: true })
    .description('networks of the inventory, and those that hosts have without it')
    .option(...outputOption)
    .action(async ({ output }: { output: string }) => {
      const views = await client().networks();
      await printItems(
        checkFormat(output),
        views,
        ({ name }) => name,
        () => listText(views),
      );
    });
  networks
    .command('show <name>')
    .description('one network')
    .option(...outputOption)
    .action(async (name: string, { output }: { output: string }) => {
      const view = await client().network(name);
      const lines = [
        `${view.name}${view.managed ? '' : ' (foreign: used as it is, never changed)'}`,
        ...(view.description === undefined ? [] : [view.description]),
        ...(view.mode === undefined ? [] : [`mode       ${view.mode}`]),
        ...(view.subnet === undefined ? [] : [`subnet     ${view.subnet}`]),
        ...(view.ipv6 === undefined ? [] : [`ipv6       ${view.ipv6}`]),
        ...(view.gateway === undefined ? [] : [`gateway    ${view.gateway}`]),
        ...(view.bridge === undefined ? [] : [`bridge     ${view.bridge}`]),
        ...(view.link === undefined ? [] : [`link       ${view.link}`]),
        ...(view.project === undefined ? [] : [`project    ${view.project}`]),
        `hosts      ${places(view)}`,
        `workloads  ${view.workloads.join(', ') || 'none'}`,
      ];
      await printItems(
        checkFormat(output),
        [view],
        (one) => one.name,
        () => lines.join('\n'),
      );
    });
  networks
    .command('leases <name>')
    .description('who has which address, and what is published')
    .option(...outputOption)
    .action(async (name: string, { output }: { output: string }) => {
      const leases = await client().leases(name);
      await printItems(
        checkFormat(output),
        leases,
        ({ address, mac }) => address ?? mac,
        () => leaseText(leases),
      );
    });
};

interface CreateOptions {
  readonly mode?: string;
  readonly subnet?: string;
  readonly bridge?: string;
  readonly gateway?: string;
  readonly link?: string;
  readonly ipv6?: string | true;
  readonly project?: string;
  readonly description?: string;
}

const addChanging = (networks: Command): void => {
  networks
    .command('create <name>')
    .description('say what a network is; it is made on a host when the first workload there needs it')
    .option('--mode <mode>', 'nat (reaches outside), isolated (does not), bridge or macvtap (on a network of the host)')
    .option('--subnet <subnet>', 'such as 10.20.0.0/24 (default: a free one)')
    .option('--bridge <interface>', 'a bridge that hosts have, such as br0; mode bridge')
    .option('--link <interface>', 'an interface that hosts have, such as eth0, which guests share; mode macvtap')
    .option('--gateway <address>', 'the router there, with --subnet: workloads may then have fixed addresses')
    .option('--ipv6 [prefix]', 'IPv6 beside IPv4; a prefix such as fd12:3456:789a:1::/64 (default: a free one)')
    .option('--project <name>', 'only its workloads may use it')
    .option('--description <text>', 'for people')
    .addHelpText(
      'after',
      examples(
        ['inn network create lab', 'guests of it reach each other and outside'],
        ['inn network create db --mode isolated --project shop', 'reach each other only, and belong to one project'],
        ['inn network create lan --bridge br0', 'on the network that the hosts are on'],
        ['inn network create lan --bridge br0 --subnet 192.168.1.0/24 --gateway 192.168.1.1', 'with fixed addresses'],
      ),
    )
    .action(async (name: string, options: CreateOptions) => {
      const { bridge, link } = options;
      const mode = options.mode ?? (bridge !== undefined ? 'bridge' : link !== undefined ? 'macvtap' : undefined);
      const given = mode === undefined ? options : { ...options, mode };
      const view = await client().putNetwork(name, parseWith(networkSpec, given, `networks.${name}`));
      say(
        view === undefined
          ? `the network ${name} is as described`
          : `network ${name}: ${[view.mode, view.subnet ?? view.bridge ?? view.link].join(', ')}`,
      );
    });
  networks
    .command('rm <names...>')
    .description('remove networks that nobody uses, from all hosts')
    .action(async (names: readonly string[]) => {
      for (const name of names) {
        await client().removeNetwork(name);
        say(`network ${name} was removed`);
      }
    });
};

export const addNetworks = (program: Command): void => {
  const networks = program.command('network').description('networks of guests, their addresses and published ports');
  addReading(networks);
  addChanging(networks);
};
