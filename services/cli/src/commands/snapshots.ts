import { newSnapshot, parseWith, snapshotChange } from '@innkeeper/model';
import type { Command } from 'commander';
import { finishAll } from '../follow.ts';
import { checkFormat, outputOption, printItems } from '../show/output.ts';
import { retentionText, snapshotsText } from '../show/snapshots.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

interface WaitOptions {
  readonly wait: boolean;
}

const noWait = ['--no-wait', 'return at once'] as const;

const addRestore = (parent: Command, prefix: string): void => {
  parent
    .command('restore <workload> <snapshot>')
    .description('go back to a snapshot: what came since is gone; a workload that runs is stopped and started again')
    .option(...noWait)
    .addHelpText(
      'after',
      examples([`inn ${prefix}restore web before-upgrade`, 'web holds again what it held then, and runs if it ran']),
    )
    .action(async (workload: string, snapshot: string, { wait }: WaitOptions) => {
      await finishAll(client(), [await client().restore(workload, snapshot)], wait);
    });
};

const addWords = (parent: Command): void => {
  const change = async (workload: string, snapshot: string, words: object, wait: boolean): Promise<void> =>
    finishAll(
      client(),
      [await client().changeSnapshot(workload, snapshot, parseWith(snapshotChange, words, 'snapshot'))],
      wait,
    );
  parent
    .command('rename <workload> <snapshot> <to>')
    .description('give a snapshot another name; one of the schedule is kept then until somebody removes it')
    .option(...noWait)
    .addHelpText(
      'after',
      examples(['inn snapshot rename web 20261126-154418 before-upgrade', 'it is called before-upgrade now']),
    )
    .action((workload: string, snapshot: string, to: string, { wait }: WaitOptions) =>
      change(workload, snapshot, { name: to }, wait),
    );
  parent
    .command('describe <workload> <snapshot> <text>')
    .description('say something else of a snapshot; an empty text takes what was said away')
    .option(...noWait)
    .addHelpText('after', examples(['inn snapshot describe web before-upgrade "nginx 1.22"', 'for people']))
    .action((workload: string, snapshot: string, text: string, { wait }: WaitOptions) =>
      change(workload, snapshot, { description: text }, wait),
    );
};

/** `inn snapshot …` and `inn restore`. */
export const addSnapshots = (program: Command): void => {
  const snapshots = program.command('snapshot').description('what workloads held at earlier moments, to go back to');
  snapshots
    .command('create <workload> [name]')
    .description('keep what a workload holds now, volumes too; one that runs is frozen for a moment')
    .option('-d, --description <text>', 'for people')
    .option(...noWait)
    .addHelpText(
      'after',
      examples(
        ['inn snapshot create web', 'called by the moment, such as 20261126-154418'],
        ['inn snapshot create web before-upgrade -d "nginx 1.22"', 'with a name and a description'],
      ),
    )
    .action(
      async (workload: string, name: string | undefined, options: WaitOptions & { readonly description?: string }) => {
        const { description, wait } = options;
        const asked = {
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
        };
        const operation = await client().snapshot(workload, parseWith(newSnapshot, asked, 'snapshot'));
        await finishAll(client(), [operation], wait);
      },
    );
  snapshots
    .command('ls <workload>')
    .description('snapshots of a workload, as a tree: what was made from what, and where it stands')
    .option(...outputOption)
    .action(async (workload: string, { output }: { output: string }) => {
      const views = await client().snapshots(workload);
      await printItems(
        checkFormat(output),
        views,
        ({ name }) => name,
        () => snapshotsText(views),
      );
    });
  snapshots
    .command('rm <workload> <snapshot>')
    .alias('remove')
    .description('remove a snapshot; those that were made after it stay')
    .option(...noWait)
    .action(async (workload: string, snapshot: string, { wait }: WaitOptions) => {
      await finishAll(client(), [await client().removeSnapshot(workload, snapshot)], wait);
    });
  snapshots
    .command('plan <workload>')
    .description('what would be kept of its snapshots, and what would go; nothing is done')
    .option('--keep <numbers>', 'such as last=3,daily=7,weekly=4,monthly=12 (default: what its manifest says)')
    .option(...outputOption)
    .addHelpText(
      'after',
      examples([
        'inn snapshot plan web --keep daily=7,weekly=4',
        'the newest of each day, then of each week before that',
      ]),
    )
    .action(async (workload: string, { keep, output }: { readonly keep?: string; readonly output: string }) => {
      const { items } = await client().retention(workload, keep);
      await printItems(
        checkFormat(output),
        items,
        ({ name }) => name,
        () => retentionText(items),
      );
    });
  addWords(snapshots);
  addRestore(snapshots, 'snapshot ');
  addRestore(program, '');
};
