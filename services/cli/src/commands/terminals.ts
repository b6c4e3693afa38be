import { InnkeeperError } from '@innkeeper/model';
import type { Command } from 'commander';
import { loginShell, runConsole, runExec } from '../terminal.ts';
import { examples } from './examples.ts';
import { addExecOptions, type ExecOptions, execChoicesOf } from './exec-options.ts';

export const addTerminals = (program: Command): void => {
  addExecOptions(program.command('exec <name> <command...>').description('run a command in a workload'))
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
      if (command.length === 0)
        throw new InnkeeperError('invalid', `inn exec ${name} lacks the command`, { hint: `inn exec ${name} -- id` });
      await runExec(name, command, execChoicesOf(options));
    });
  program
    .command('shell <name>')
    .description('a root shell in a workload')
    .addHelpText('after', examples(['inn shell web', 'bash where there is one, else sh; Ctrl-D ends it']))
    .action((name: string) => runExec(name, loginShell, { tty: process.stdin.isTTY === true, env: {} }));
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
