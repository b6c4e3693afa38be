import { type ConversionView, InnkeeperError } from '@innkeeper/model';
import type { Command } from 'commander';
import { finishAll } from '../follow.ts';
import { print } from '../show/output.ts';
import { plain } from '../show/style.ts';
import { workloadTable } from '../show/workloads.ts';
import { client } from '../target.ts';
import { findGuest } from './adopt.ts';
import { examples } from './examples.ts';

interface ConvertOptions {
  readonly as?: string;
  readonly host?: string;
  readonly memory?: string;
  readonly plan?: boolean;
  readonly confirm?: boolean;
  readonly revert?: boolean;
  readonly wait: boolean;
}

const conversionText = ({ guest, host, from, to, spec, lost }: ConversionView, memory = spec.memory): string =>
  [
    `${guest} on ${host} becomes a container of ${to} and stops being one of ${from}; its root stays where it is`,
    `size       ${spec.cpus} processor${spec.cpus === 1 ? '' : 's'}, ${memory ?? 'memory without a limit: say one with --memory'}`,
    `networks   ${(spec.networks ?? []).map(({ network, mac }) => `${network} (${mac})`).join(', ') || 'none that Innkeeper knows'}`,
    ...(lost.length === 0 ? [] : ['has no meaning there, and is left out:', ...lost.map((one) => `  ${one}`)]),
  ]
    .map(plain)
    .join('\n');

const end = async (name: string, how: 'confirm' | 'revert', wait: boolean): Promise<void> =>
  finishAll(client(), [await client().endConversion(name, how)], wait);

const convert = async (word: string, options: ConvertOptions): Promise<void> => {
  const { id, host } = await findGuest(word, options.host);
  print(conversionText(await client().conversion(id, host), options.memory));
  if (options.plan === true) return;
  const request = {
    ...(options.as === undefined ? {} : { name: options.as }),
    ...(options.memory === undefined ? {} : { memory: options.memory }),
  };
  const operation = await client().convert(id, request, host === undefined ? {} : { host });
  await finishAll(client(), [operation], options.wait);
  if (!options.wait) return;
  const { name } = operation.workload;
  print(`\n${workloadTable([await client().workload(name)], false)}`);
  print(`what it was is kept: inn start ${name}, then inn convert --confirm ${name}, or --revert`);
};

export const addConversion = (program: Command): void => {
  program
    .command('convert <guest>')
    .description('make a stopped classic container (lxc-create) one of libvirt, on the root that it has')
    .option('--as <name>', 'its name here; the container itself keeps its own')
    .option('--host <name>', 'which one, where several hosts have a container of the name')
    .option('--memory <size>', 'most memory that it may use; needed where it has no limit')
    .option('--plan', 'only say what would be')
    .option('--confirm', 'it works: delete what was kept of the old one')
    .option('--revert', 'it does not: the classic container is back as it was')
    .option('--no-wait', 'return at once')
    .addHelpText(
      'after',
      examples(
        ['inn convert wiki --memory 1GiB', 'ids, networks and mounts are carried over'],
        ['inn start wiki && inn convert --confirm wiki', 'what was kept of the old one goes'],
        ['inn convert --revert wiki', 'a classic container again'],
      ),
    )
    .action(async (word: string, options: ConvertOptions) => {
      if (options.confirm === true && options.revert === true)
        throw new InnkeeperError('invalid', '--confirm and --revert contradict each other');
      if (options.confirm === true) return end(word, 'confirm', options.wait);
      if (options.revert === true) return end(word, 'revert', options.wait);
      return convert(word, options);
    });
};
