import { InnkeeperError } from '@innkeeper/model';
import type { Command } from 'commander';
import type { ExecChoices } from '../terminal.ts';

/** How a command is run in a guest. */
export interface ExecOptions {
  readonly tty?: boolean;
  readonly env: readonly string[];
  readonly cwd?: string;
  readonly user?: string;
}

export const addExecOptions = (command: Command): Command =>
  command
    .option('-t, --tty', 'with a terminal (the default when there is one)')
    .option('-T, --no-tty', 'without one')
    .option('-e, --env <pair>', 'NAME=VALUE, as often as needed', (pair, before: string[]) => [...before, pair], [])
    .option('-w, --cwd <path>', 'directory in the guest')
    .option('-u, --user <name>', 'a user of the guest (default: root)');

const pairs = (texts: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text.slice(0, Math.max(at, 0))))
        throw new InnkeeperError('invalid', `--env ${text}: must be NAME=VALUE, such as LANG=C`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );

/** Throws `invalid`, naming the option. */
export const execChoicesOf = ({ tty, env, cwd, user }: ExecOptions): ExecChoices => {
  if (cwd !== undefined && !cwd.startsWith('/'))
    throw new InnkeeperError('invalid', `--cwd ${cwd}: must be a path of the guest from its root on, such as /srv`);
  if (user !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(user))
    throw new InnkeeperError('invalid', `--user ${user}: must be a name or a number of a user, such as www-data`);
  const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  return {
    tty: terminal && tty !== false,
    // A virtual machine with QEMU's agent alone has none: only who asks for one is refused.
    optional: tty === undefined,
    ...(user === undefined ? {} : { user }),
    env: pairs(env),
    ...(cwd === undefined ? {} : { cwd }),
  };
};
