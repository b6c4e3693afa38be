import { InnkeeperError, powerActions } from '@innkeeper/model';
import type { Command } from 'commander';
import { finishAll, follow } from '../follow.ts';
import { print, say } from '../show/output.ts';
import { workloadTable } from '../show/workloads.ts';
import { client } from '../target.ts';
import { runConsole, runExec } from '../terminal.ts';
import { addSpecOptions, type SpecOptions, specOf } from './spec-options.ts';

interface WaitOptions {
  readonly wait: boolean;
}

interface RunOptions extends SpecOptions {
  readonly name?: string;
  readonly wait: boolean;
}

const addRun = (program: Command): void => {
  addSpecOptions(
    program
      .command('run <image>')
      .description('create and start one workload')
      .option('-n, --name <name>', 'its name (default: made from the image)'),
  )
    .option('--no-wait', 'return at once')
    .action(async (image: string, options: RunOptions) => {
      const name =
        options.name ??
        `${image.replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+|-$/g, '')}-${Math.random().toString(36).slice(2, 6)}`;
      const operation = await client().put(name, specOf(image, options, name));
      if (operation === undefined) return say(`${name} is as described`);
      await finishAll(client(), [operation], options.wait);
      if (options.wait) print(workloadTable([await client().workload(name)], false));
    });
};

const addPower = (program: Command): void => {
  for (const action of powerActions) {
    program
      .command(`${action} <names...>`)
      .description(`${action} workloads`)
      .option('--no-wait', 'return at once')
      .action(async (names: readonly string[], { wait }: WaitOptions) => {
        const operations = [];
        for (const name of names) operations.push(await client().act(name, action));
        await finishAll(client(), operations, wait);
      });
  }
  program
    .command('rm <names...>')
    .alias('remove')
    .description('remove workloads with their disks')
    .option('--no-wait', 'return at once')
    .action(async (names: readonly string[], { wait }: WaitOptions) => {
      const operations = [];
      for (const name of names) operations.push(await client().remove(name));
      await finishAll(client(), operations, wait);
    });
};

const pairs = (texts: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new InnkeeperError('invalid', `--env ${text}: write NAME=VALUE`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );

interface ExecOptions {
  readonly tty?: boolean;
  readonly env?: readonly string[];
  readonly cwd?: string;
  readonly user?: string;
}

const addTerminals = (program: Command): void => {
  program
    .command('exec <name> <command...>')
    .description('run a command in a workload: inn exec wiki -- id -u')
    .option('-t, --tty', 'with a terminal (the default when there is one)')
    .option('-T, --no-tty', 'without one')
    .option('-e, --env <pair...>', 'NAME=VALUE')
    .option('-w, --cwd <path>', 'directory in the guest')
    .option('-u, --user <name>', 'a user of the guest (default: root)')
    .passThroughOptions()
    .action(async (name: string, words: readonly string[], options: ExecOptions) => {
      // Commander keeps the -- that ends our options.
      const command = words[0] === '--' ? words.slice(1) : words;
      const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
      await runExec(name, command, {
        tty: terminal && options.tty !== false,
        // The agent inside a virtual machine has none: only who asks for one is refused.
        optional: options.tty === undefined,
        ...(options.user === undefined ? {} : { user: options.user }),
        env: pairs(options.env ?? []),
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      });
    });
  program
    .command('shell <name>')
    .description('a root shell in a workload')
    .action((name: string) =>
      runExec(name, ['/bin/sh', '-c', 'exec "$(command -v bash || command -v sh)" -l'], {
        tty: process.stdin.isTTY === true,
        env: {},
      }),
    );
  program.command('console <name>').description('the console of a workload; detach with Ctrl-]').action(runConsole);
};

const addOperations = (program: Command): void => {
  const operation = program.command('operation').alias('op').description('what was asked for, and how far it is');
  operation
    .command('ls', { isDefault: true })
    .description('the latest operations')
    .option('-n, --limit <number>', 'how many', '20')
    .action(async ({ limit }: { limit: string }) => {
      const { table } = await import('../show/table.ts');
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
  const token = program.command('token').description('who may use the API over TCP');
  token
    .command('create <name>')
    .description('make a token; its secret is shown this once')
    .option('--role <role>', 'viewer, operator or admin', 'operator')
    .action(async (name: string, { role }: { role: 'viewer' | 'operator' | 'admin' }) =>
      print((await client().createToken(name, role)).token),
    );
};

export const addChanges = (program: Command): void => {
  addRun(program);
  addPower(program);
  addTerminals(program);
  addOperations(program);
};
