import type { TerminalSize } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';

/** A program to be run inside; its root's, in that user's home, when nothing else is said. */
export interface ShellProgram {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  readonly user?: string | undefined;
  readonly tty: TerminalSize | undefined;
}

/** The payload of a start frame. Throws `invalid` for a text that no program can be given. */
export const startPayload = ({ command, env, cwd = '', user = '', tty }: ShellProgram): Buffer => {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const size = [tty?.cols ?? 0, tty?.rows ?? 0].map(String);
  const words = [...size, user, cwd, String(variables.length), ...variables, ...command];
  if (words.some((word) => word.includes('\0')))
    throw new InnkeeperError('invalid', 'A word of a command may hold every character but NUL');
  return Buffer.from(words.join('\0'));
};
