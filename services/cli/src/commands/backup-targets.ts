import { newBackupTarget, parseWith } from '@innkeeper/model';
import type { Command } from 'commander';
import { targetsText } from '../show/backups.ts';
import { checkFormat, outputOption, print, printItems, say } from '../show/output.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

interface AddOptions {
  readonly passwordFile: string;
  readonly variablesFile?: string;
  readonly mount?: string;
  readonly host?: string;
}

const addAdding = (targets: Command): void => {
  targets
    .command('add <name> <repository>')
    .description('make a repository of restic known; it is made where there is none')
    .requiredOption('--password-file <file>', 'of the machine of the control plane; whoever loses it loses the backups')
    .option('--variables-file <file>', 'lines NAME=VALUE that restic needs to reach it, such as AWS_ACCESS_KEY_ID')
    .option('--mount <directory>', 'must be a mount point: nothing is written while it is none')
    .option('--host <host>', 'whose directory it is (default: of the machine of the control plane)')
    .addHelpText(
      'after',
      examples(
        [
          'inn backup target add shelf /srv/backups --password-file /etc/innkeeper/shelf',
          'a directory of this machine',
        ],
        [
          'inn backup target add nas /mnt/nas/backups --mount /mnt/nas --password-file /etc/innkeeper/nas',
          'of NFS, mounted on every host at the same place',
        ],
        [
          'inn backup target add away sftp:backup@far:/srv/backups --password-file /etc/innkeeper/away',
          'on another machine, with the ssh key of root on each host',
        ],
      ),
    )
    .action(async (name: string, repository: string, options: AddOptions) => {
      const asked = parseWith(newBackupTarget, { name, repository, ...options }, 'target');
      const { host } = await client().addBackupTarget(asked);
      say(`backups can go to ${name}${host === undefined ? '' : `, from workloads on ${host}`}`);
    });
};

/** `inn backup target …`. */
export const addBackupTargets = (backups: Command): void => {
  const targets = backups.command('target').description('where backups go: repositories of restic');
  addAdding(targets);
  targets
    .command('ls', { isDefault: true })
    .description('where backups go')
    .option(...outputOption)
    .action(async ({ output }: { output: string }) => {
      const views = await client().backupTargets();
      await printItems(
        checkFormat(output),
        views,
        ({ name }) => name,
        () => targetsText(views),
      );
    });
  targets
    .command('rm <target>')
    .alias('remove')
    .description('a target is known no longer; what is in its repository stays')
    .option('--forget', 'also where it has backups, which are known no longer either')
    .action(async (name: string, { forget }: { readonly forget?: true }) =>
      client().removeBackupTarget(name, { forget: forget === true }),
    );
  targets
    .command('scan <target>')
    .description(
      'look into a repository: backups that are there and not known, after the inventory was lost, are known again',
    )
    .action(async (name: string) => {
      const { found, lost, unreadable } = await client().scanBackupTarget(name);
      for (const one of found) print(one);
      say(`backups that were not known: ${found.length}`);
      if (lost.length > 0) say(`known no longer, since they are not there: ${lost.join(', ')}`);
      if (unreadable.length > 0) say(`not understood: ${unreadable.join(', ')}`);
    });
  targets
    .command('prune <target>')
    .description('give back the room of backups that were removed; nobody may be at work there meanwhile')
    .action(async (name: string) => client().pruneBackupTarget(name));
};
