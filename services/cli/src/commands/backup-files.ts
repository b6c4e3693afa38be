import { formatSize, heldPath, parseWith } from '@innkeeper/model';
import type { Command } from 'commander';
import { heldFilesText } from '../show/backups.ts';
import { checkFormat, outputOption, printItems, say } from '../show/output.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

/** Files of a backup, which nothing is brought back for. */
export const addBackupFiles = (backups: Command): void => {
  backups
    .command('files <backup> [path]')
    .description('what is in a folder of a backup of a container, as that saw it, volumes at their places (default: /)')
    .option(...outputOption)
    .addHelpText(
      'after',
      examples(
        ['inn backup files web-20261126-154418 /etc/nginx', 'what was in that folder'],
        ['inn backup files web-20261126-154418 /bin/', 'of a link the folder that it leads to'],
      ),
    )
    .action(async (backup: string, path: string | undefined, { output }: { readonly output: string }) => {
      const files = await client().backupFiles(backup, parseWith(heldPath, path ?? '/', 'path'));
      await printItems(
        checkFormat(output),
        files,
        ({ name }) => name,
        () => heldFilesText(files),
      );
    });
  backups
    .command('cp <backup> <path> [target]')
    .description('copy a file or a folder out of a backup of a container, as inn cp does; nothing else is brought back')
    .addHelpText(
      'after',
      examples(
        ['inn backup cp web-20261126-154418 /etc/nginx .', 'a folder of it'],
        ['inn backup cp web-20261126-154418 /etc/hosts - | diff - /etc/hosts', '- is standard output'],
      ),
    )
    .action(async (backup: string, asked: string, target = '.') => {
      const path = parseWith(heldPath, asked, 'path');
      const { pullFromBackup } = await import('../copy/backup.ts');
      const { entries, bytes } = await pullFromBackup(backup, path, target);
      if (target !== '-') say(`copied ${entries} ${entries === 1 ? 'file' : 'files'}, ${formatSize(bytes)}`);
    });
};
