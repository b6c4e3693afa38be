import { newBackup, newRestoration, parseWith } from '@innkeeper/model';
import type { Command } from 'commander';
import { finishAll, follow } from '../follow.ts';
import { backupsText, backupText } from '../show/backups.ts';
import { checkFormat, outputOption, print, printItems } from '../show/output.ts';
import { retentionText } from '../show/snapshots.ts';
import { client } from '../target.ts';
import { addBackupExports } from './backup-exports.ts';
import { addBackupFiles } from './backup-files.ts';
import { addBackupTargets } from './backup-targets.ts';
import { examples } from './examples.ts';

interface WaitOptions {
  readonly wait: boolean;
}

const noWait = ['--no-wait', 'return at once'] as const;

const addMaking = (backups: Command): void => {
  backups
    .command('create <workload>')
    .description('send what a workload holds now to a target; one that runs is frozen for a moment')
    .option('--to <target>', 'may be left out where there is one alone')
    .option(...noWait)
    .addHelpText('after', examples(['inn backup create web --to nas', 'called by the moment: web-20261126-154418']))
    .action(async (workload: string, { to, wait }: WaitOptions & { readonly to?: string }) => {
      const asked = parseWith(newBackup, to === undefined ? {} : { to }, 'backup');
      await finishAll(client(), [await client().makeBackup(workload, asked)], wait);
    });
  backups
    .command('rm <backups...>')
    .alias('remove')
    .description('remove backups from their repositories; inn backup target prune gives back their room')
    .action(async (names: readonly string[]) => {
      for (const name of names) await client().removeBackup(name);
    });
};

const addReading = (backups: Command): void => {
  backups
    .command('ls [workload]')
    .description('backups, also of workloads that are gone')
    .option('--target <target>', 'those that are there')
    .option(...outputOption)
    .action(
      async (
        workload: string | undefined,
        { target, output }: { readonly target?: string; readonly output: string },
      ) => {
        const of = {
          ...(workload === undefined ? {} : { workload }),
          ...(target === undefined ? {} : { target }),
        };
        const views = await client().backups(of);
        await printItems(
          checkFormat(output),
          views,
          ({ name }) => name,
          () => backupsText(views),
        );
      },
    );
  backups
    .command('show <backup>')
    .description('one backup')
    .option(...outputOption)
    .action(async (name: string, { output }: { output: string }) => {
      const view = await client().backup(name);
      await printItems(
        checkFormat(output),
        [view],
        (one) => one.name,
        () => backupText(view),
      );
    });
};

const addPlan = (backups: Command): void => {
  backups
    .command('plan <workload>')
    .description('what would be kept of its backups, and what would go; nothing is done')
    .option('--keep <numbers>', 'such as last=3,daily=7,weekly=4,monthly=12 (default: what its manifest says)')
    .option(...outputOption)
    .action(async (workload: string, { keep, output }: { readonly keep?: string; readonly output: string }) => {
      const { items } = await client().backupRetention(workload, keep);
      await printItems(
        checkFormat(output),
        items,
        ({ name }) => name,
        () => retentionText(items),
      );
    });
};

interface RestoreOptions extends WaitOptions {
  readonly as?: string;
  readonly stopped?: true;
}

const addBringingBack = (backups: Command): void => {
  backups
    .command('restore <backup>')
    .description('make a workload that holds what that of the backup held; where that one is gone, it goes on as it')
    .option('--as <name>', 'its name (default: that of the workload of the backup)')
    .option('--stopped', 'it is not started')
    .option(...noWait)
    .addHelpText(
      'after',
      examples(
        ['inn backup restore web-20261126-154418', 'web is gone, and goes on as it was then'],
        ['inn backup restore web-20261126-154418 --as web-old', 'beside web, as somebody else'],
      ),
    )
    .action(async (name: string, { as, stopped, wait }: RestoreOptions) => {
      const asked = {
        ...(as === undefined ? {} : { as }),
        ...(stopped === undefined ? {} : { power: 'stopped' }),
      };
      const restoration = parseWith(newRestoration, asked, 'restore');
      await finishAll(client(), [await client().restoreBackup(name, restoration)], wait);
    });
  backups
    .command('verify <backups...>')
    .description('bring backups back as workloads without a network, see that they start, and take these away again')
    .addHelpText('after', examples(['inn backup verify web-20261126-154418', 'whether it would come back']))
    .action(async (names: readonly string[]) => {
      for (const name of names) {
        await follow(client(), [await client().verifyBackup(name)]);
        print(`${name}: ${(await client().backup(name)).verified?.text ?? ''}`);
      }
    });
};

/** `inn backup …`. */
export const addBackups = (program: Command): void => {
  const backups = program.command('backup').description('what workloads held, kept elsewhere, and brought back');
  addMaking(backups);
  addReading(backups);
  addBringingBack(backups);
  addBackupFiles(backups);
  addBackupExports(backups);
  addPlan(backups);
  addBackupTargets(backups);
};
