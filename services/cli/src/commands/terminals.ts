import { InnkeeperError } from '@innkeeper/model';
import type { Command } from 'commander';
import { runConsole, runExec } from '../terminal.ts';
import { examples } from './examples.ts';

const pairs = (texts: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text.slice(0, Math.max(at, 0))))
        throw new InnkeeperError('invalid', `--env ${text}: must be NAME=VALUE, such as LANG=C`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );

interface ExecOptions {
  readonly tty?: boolean;
  readonly env: readonly string[];
  readonly cwd?: string;
  readonly user?: string;
}

const checkExec = (name: string, command: readonly string[], { cwd, user }: ExecOptions): void => {
  if (command.length === 0)
    throw new InnkeeperError('invalid', `inn exec ${name} lacks the command`, { hint: `inn exec ${name} -- id` });
  if (cwd !== undefined && !cwd.startsWith('/'))
    throw new InnkeeperError('invalid', `--cwd ${cwd}: must be a path of the guest from its root on, such as /srv`);
  if (user !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(user))
    throw new InnkeeperError('invalid', `--user ${user}: must be a name or a number of a user, such as www-data`);
};

export const addTerminals = (program: Command): void => {
  program
    .command('exec <name> <command...>')
    .description('run a command in a workload')
    .option('-t, --tty', 'with a terminal (the default when there is one)')
    .option('-T, --no-tty', 'without one')
    .option('-e, --env <pair>', 'NAME=VALUE, as often as needed', (pair, before: string[]) => [...before, pair], [])
    .option('-w, --cwd <path>', 'directory in the guest')
    .option('-u, --user <name>', 'a user of the guest (default: root)')
    .passThroughOptions()
    .addHelpText(
      'after',
      examples(
        ['inn exec web -- apt-get update', 'as root, with a terminal where there is one'],
        ['inn exec -u www-data -w /srv web -- ls -l', 'as somebody else, in a directory'],
        ["inn exec -T web -- sh -c 'cat > /root/x' < x", 'input, output and exit code pass through'],
      ),
    )
    .action(async (name: string, words: readonly string[], options: ExecOptions) => {
      // Commander keeps the -- that ends our options.
      const command = words[0] === '--' ? words.slice(1) : words;
      checkExec(name, command, options);
      const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
      await runExec(name, command, {
        tty: terminal && options.tty !== false,
        // A virtual machine with QEMU's agent alone has none: only who asks for one is refused.
        optional: options.tty === undefined,
        ...(options.user === undefined ? {} : { user: options.user }),
        env: pairs(options.env),
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      });
    });
  program
    .command('shell <name>')
    .description('a root shell in a workload')
    .addHelpText('after', examples(['inn shell web', 'bash where there is one, else sh; Ctrl-D ends it']))
    .action((name: string) =>
      runExec(name, ['/bin/sh', '-c', 'exec "$(command -v bash || command -v sh)" -l'], {
        tty: process.stdin.isTTY === true,
        env: {},
      }),
    );
  program
    .command('console <name>')
    .description('the console of a workload, for as many as like at once; detach with Ctrl-]')
    .addHelpText(
      'after',
      examples(
        ['inn console web', 'what it printed before, then what it prints; what you type goes to it'],
        ['inn logs -f web', 'the same without typing'],
      ),
    )
    .action(runConsole);
};
