import { readFile } from 'node:fs/promises';
import { InnkeeperError } from '@innkeeper/model';
import { minimalEnvironment } from '../environment.ts';
import { commandLine } from './quote.ts';

const supervisor = new URL('../../perl/supervise.pl', import.meta.url);

let text: Promise<string> | undefined;
const supervisorText = (): Promise<string> => {
  text ??= readFile(supervisor, 'utf8');
  return text;
};

export interface Supervised {
  readonly mark: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  /** Nothing: until it ends by itself or the connection does. */
  readonly timeoutMs?: number | undefined;
  readonly terminal?: boolean;
}

/** Bytes that Linux takes as one argument (MAX_ARG_STRLEN), and the login shell gets the whole line as one. */
const longestLine = 131_071;

/**
 * The line that runs a program on the other side, under perl/supervise.pl. `exec`: in a terminal the supervisor has to be
 * the session's leader, which the kernel tells that the terminal is gone.
 */
export const supervisedLine = async (argv: readonly string[], how: Supervised): Promise<string> => {
  const { mark, timeoutMs, terminal = false, cwd = terminal ? '/' : '.' } = how;
  const variables = Object.entries(minimalEnvironment(how.env)).map(([name, value]) => `${name}=${value}`);
  const seconds = timeoutMs === undefined ? '0' : String(timeoutMs / 1000);
  const settings = [mark, seconds, terminal ? '1' : '0', cwd, String(variables.length), ...variables];
  const line = `exec ${commandLine(['perl', '-e', await supervisorText(), '--', ...settings, ...argv])}`;
  if (Buffer.byteLength(line) > longestLine) {
    throw new InnkeeperError('host_error', `${argv[0]} cannot be run over ssh: its arguments are longer than 128 KiB`);
  }
  return line;
};
