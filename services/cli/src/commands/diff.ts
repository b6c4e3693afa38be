import type { Command } from 'commander';
import { diffText } from '../show/diff.ts';
import { checkFormat, outputOption, printItems } from '../show/output.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

export const addDiff = (program: Command): void => {
  program
    .command('diff [workload]')
    .description('what was asked against what is there: changed by others, acting from the next start on, not applied')
    .option(...outputOption)
    .addHelpText(
      'after',
      examples(
        ['inn diff', 'every workload'],
        ['inn diff web -o json', 'one, for programs'],
        ['inn plan -f lab.yaml', 'a manifest against what was asked'],
      ),
    )
    .action(async (name: string | undefined, { output }: { output: string }) => {
      const found = name === undefined ? await client().diffs() : [await client().diff(name)];
      await printItems(
        checkFormat(output),
        found,
        (one) => one.name,
        () => diffText(found),
      );
    });
};
