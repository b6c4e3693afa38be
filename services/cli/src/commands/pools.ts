import { formatSize, InnkeeperError, newPool, type PoolView, parseWith } from '@innkeeper/model';
import type { Command } from 'commander';
import { checkFormat, outputOption, print, printItems, say } from '../show/output.ts';
import { table } from '../show/table.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

const size = (bytes: number | undefined): string => (bytes === undefined ? '–' : formatSize(bytes));

const kindOf = ({ away, kind, fileSystem }: PoolView): string => {
  if (away !== undefined) return 'away';
  if (kind === undefined) return 'full';
  return fileSystem === undefined || fileSystem === kind ? kind : `${kind} (${fileSystem})`;
};

const limitsOf = ({ limits }: PoolView): string => (limits === undefined ? '–' : limits.value ? 'yes' : 'no');

const listText = (views: readonly PoolView[]): string =>
  table(
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'HOST', value: ({ host }) => host },
      { title: 'KIND', value: kindOf },
      { title: 'FREE', value: ({ freeBytes }) => size(freeBytes), right: true },
      { title: 'SIZE', value: ({ totalBytes }) => size(totalBytes), right: true },
      { title: 'CLAIMED', value: ({ claimedBytes }) => size(claimedBytes), right: true },
      { title: 'LIMITS', value: limitsOf },
      { title: 'WORKLOADS', value: ({ workloads }) => String(workloads.length), right: true },
      { title: 'PATH', value: ({ path }) => path },
    ],
    views,
  );

const poolText = (view: PoolView): string => {
  const { name, host, path, away, freeBytes, totalBytes, claimedBytes, sharesData, limits, workloads } = view;
  return [
    `${name} of ${host}`,
    `path       ${path}`,
    `kind       ${kindOf(view)}${away === undefined ? '' : `: ${away}`}`,
    `room       ${size(freeBytes)} free of ${size(totalBytes)}, ${size(claimedBytes)} claimed`,
    ...(sharesData === undefined ? [] : [`copies     ${sharesData ? 'share their data' : 'take as much room again'}`]),
    ...(limits === undefined ? [] : [`limits     ${limits.value ? 'yes' : 'not of containers'}: ${limits.evidence}`]),
    `workloads  ${workloads.join(', ') || 'none'}`,
  ].join('\n');
};

/** The one host that is meant when nothing is said. */
const hostFor = async (given: string | undefined): Promise<string> => {
  if (given !== undefined) return given;
  const [only, ...others] = await client().hosts();
  if (only !== undefined && others.length === 0) return only.name;
  throw new InnkeeperError('invalid', 'There are several hosts: say which one', { hint: 'add --host NAME' });
};

export const addPools = (program: Command): void => {
  const pool = program.command('pool').description('places of hosts that workloads stand on');
  pool
    .command('ls', { isDefault: true })
    .description('pools of all hosts, with their room')
    .option(...outputOption)
    .action(async ({ output }: { output: string }) => {
      const views = await client().pools();
      await printItems(
        checkFormat(output),
        views,
        ({ name }) => name,
        () => listText(views),
      );
    });
  pool
    .command('show <pool>')
    .description('what the file system of a pool can do, and who stands in it')
    .option('--host <host>', 'of one host alone')
    .option(...outputOption)
    .action(async (name: string, { host, output }: { host?: string; output: string }) => {
      const views = (await client().pools()).filter(
        (one) => one.name === name && (host === undefined || one.host === host),
      );
      if (views.length === 0)
        throw new InnkeeperError('not_found', `There is no pool ${name}`, { hint: 'inn pool ls shows what there is' });
      await printItems(
        checkFormat(output),
        views,
        (one) => one.name,
        () => views.map(poolText).join('\n\n'),
      );
    });
  pool
    .command('add <name>')
    .description('make a directory of a host a pool: pool: NAME in a manifest has a workload stand there')
    .requiredOption(
      '--path <directory>',
      'an empty directory on a mounted file system, or one that was this pool before',
    )
    .option('--host <host>', 'where it is; needed where there are several hosts')
    .addHelpText(
      'after',
      examples(
        ['inn pool add fast --path /mnt/nvme/guests', 'of the only host'],
        ['inn pool add bulk --host h2 --path /srv/bulk', 'the same name may be given on several hosts'],
      ),
    )
    .action(async (name: string, { path, host }: { path: string; host?: string }) => {
      print(poolText(await client().addPool(await hostFor(host), parseWith(newPool, { name, path }, 'pool'))));
    });
  pool
    .command('rm <pool>')
    .description('let a directory be a pool no longer, where nothing stands in it')
    .option('--host <host>', 'where it is; needed where there are several hosts')
    .action(async (name: string, { host }: { host?: string }) => {
      const where = await hostFor(host);
      await client().removePool(where, name);
      say(`${name} is no pool of ${where} any more`);
    });
};
