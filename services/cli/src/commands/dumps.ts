import { formatSize } from '@innkeeper/model';
import type { Command } from 'commander';
import { checkFormat, outputOption, print, printItems } from '../show/output.ts';
import { table } from '../show/table.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

/** Of the database that Innkeeper brings. Loading one is set-up's: the control plane stands still meanwhile. */
export const addDumps = (program: Command): void => {
  const dump = program.command('dump').description('dumps of the database, made every night and kept for a week');
  dump
    .command('ls', { isDefault: true })
    .description('list the dumps that are kept')
    .option(...outputOption)
    .action(async ({ output }: { output: string }) => {
      const dumps = await client().dumps();
      await printItems(
        checkFormat(output),
        dumps,
        ({ path }) => path,
        () =>
          table(
            [
              { title: 'WHEN', value: ({ takenAt }) => takenAt },
              { title: 'SIZE', value: ({ bytes }) => formatSize(bytes), right: true },
              { title: 'WHY', value: ({ why }) => why ?? 'nightly, or asked for' },
              { title: 'FILE', value: ({ path }) => path },
            ],
            dumps,
          ),
      );
    });
  dump
    .command('create')
    .description('make one now')
    .addHelpText('after', examples(['inn up --restore FILE', 'the database is what it was then; guests run on']))
    .action(async () => print((await client().createDump()).path));
};
