import { InnkeeperError } from '@innkeeper/model';
import type { Command } from 'commander';
import { runConsole, runExec } from '../terminal.ts';

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

export const addTerminals = (program: Command): void => {
  program
    .command('exec <name> <command...>')
    .description('run a command in a workload: inn exec wiki -- id -u')
    .option('-t, --tty', 'with a terminal (the default when there is one)')
    .option('-T, --no-tty', 'without one')
    .option('-e, --env <pair>', 'NAME=VALUE; may be given several times', (pair, all: readonly string[] = []) => [
      ...all,
      pair,
    ])
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
