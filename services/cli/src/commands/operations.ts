import type { Command } from 'commander';
import { follow } from '../follow.ts';
import { print } from '../show/output.ts';
import { table } from '../show/table.ts';
import { client } from '../target.ts';

export const addOperations = (program: Command): void => {
  const operation = program.command('operation').alias('op').description('what was asked for, and how far it is');
  operation
    .command('ls', { isDefault: true })
    .description('the latest operations')
    .option('-n, --limit <number>', 'how many', '20')
    .action(async ({ limit }: { limit: string }) => {
      const rows = await client().operations(Number(limit));
      print(
        table(
          [
            { title: 'ID', value: ({ id }) => id },
            { title: 'KIND', value: ({ kind }) => kind },
            { title: 'WORKLOAD', value: ({ workload }) => workload.name },
            { title: 'STATE', value: ({ state }) => state },
            { title: 'WHO', value: ({ who }) => who },
            { title: 'WHEN', value: ({ createdAt }) => createdAt },
            { title: 'ERROR', value: ({ error }) => error?.detail ?? '' },
          ],
          rows,
        ),
      );
    });
  operation
    .command('show <id>')
    .description('one operation with its steps')
    .action(async (id: string) => print((await import('yaml')).stringify(await client().operation(id)).trimEnd()));
  operation
    .command('watch <id>')
    .description('follow an operation to its end')
    .action(async (id: string) => void (await follow(client(), [await client().operation(id)])));
  operation
    .command('cancel <id>')
    .description('stop at the next step and undo what was done')
    .action(async (id: string) => void (await client().cancel(id)));
  operation
    .command('retry <id>')
    .description('ask once more for what failed or was cancelled, and follow it')
    .action(async (id: string) => {
      const again = await client().retry(id);
      if (again === undefined) print('it is so already');
      else await follow(client(), [again]);
    });
};
