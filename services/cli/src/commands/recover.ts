import type { Command } from 'commander';
import { checkFormat, outputOption, print } from '../show/output.ts';
import { recoveryText } from '../show/recovery.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

interface RecoverOptions {
  readonly apply?: boolean;
  readonly yes?: boolean;
  readonly installation?: string;
  readonly output: string;
}

/** After a loss of the database, or a dump of an earlier time: the hosts still know. */
export const addRecovery = (program: Command): void => {
  program
    .command('recover')
    .description('rebuild what the database lacks from what the hosts say; without --apply only show it')
    .option('--apply', 'do it; no guest is started, stopped or changed')
    .option('-y, --yes', 'the same as --apply')
    .option('--installation <id>', 'take the place of this installation, whose database is lost')
    .option(...outputOption)
    .addHelpText(
      'after',
      examples(
        ['inn recover', 'what would be taken back, and what could not'],
        ['inn recover --apply', 'guests of this installation are workloads again, as they are'],
        ['inn recover --installation 0b6f…', 'when database and state directory are gone, and only the hosts remain'],
      ),
    )
    .action(async ({ apply, yes, installation, output }: RecoverOptions) => {
      const format = checkFormat(output);
      const view = await client().recover({
        ...(apply === true || yes === true ? { apply: true } : {}),
        ...(installation === undefined ? {} : { installation }),
      });
      if (format === 'json') return print(JSON.stringify(view, null, 2));
      if (format === 'yaml') return print((await import('yaml')).stringify(view).trimEnd());
      if (format === 'name') return view.workloads.forEach(({ name }) => void print(name));
      return print(recoveryText(view));
    });
};
