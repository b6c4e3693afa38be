import { formatSize } from '@innkeeper/model';
import type { Command } from 'commander';
import { print, say } from '../show/output.ts';
import { examples } from './examples.ts';

/** Backups as files, for another installation or a shelf. */
export const addBackupExports = (backups: Command): void => {
  backups
    .command('export <backup> <file>')
    .description('write a backup and its image into one file, which whoever has it can read; - is standard output')
    .addHelpText(
      'after',
      examples(
        ['inn backup export web-20261126-154418 web.tar', 'inn backup import takes it, here or elsewhere'],
        ['inn backup export web-20261126-154418 - | age -r age1… > web.tar.age', 'for nobody else to read'],
        ['inn backup export web-20261126-154418 - | ssh far inn backup import -', 'to another installation'],
      ),
    )
    .action(async (backup: string, file: string) => {
      const { exportTo } = await import('../copy/export.ts');
      const bytes = await exportTo(backup, file);
      if (file !== '-') say(`${backup} is in ${file}, ${formatSize(bytes)}; whoever has it can read it`);
    });
  backups
    .command('import <file>')
    .description('send a backup that was exported to a target, and make it known; - is standard input')
    .option('--to <target>', 'where it goes (default: the only target)')
    .addHelpText(
      'after',
      examples(['inn backup import web.tar --to shelf', 'prints its name; inn backup restore makes a workload of it']),
    )
    .action(async (file: string, { to }: { readonly to?: string }) => {
      const { importFrom } = await import('../copy/export.ts');
      for (const name of await importFrom(file, to)) print(name);
    });
};
