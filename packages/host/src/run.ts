import { diskFullHint, InnkeeperError, isDiskFull } from '@innkeeper/model';
import { minimalEnvironment } from './environment.ts';
import { type Ending, execute, textOf } from './execute.ts';
import type { RunOptions, RunResult } from './host.ts';

const tailLength = 2000;

const redact = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((shown, secret) => (secret === '' ? shown : shown.replaceAll(secret, '[secret]')), text);

/** Long arguments (XML, helper programs) say nothing in an error. */
const shorten = (argument: string): string => {
  const line = argument.split('\n', 1)[0] ?? '';
  return line.length > 80 || line !== argument ? `${line.slice(0, 80)}…` : line;
};

const lastLine = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .at(-1)
    ?.trim() ?? '';

/** Throws when the program was cancelled or late (`transient`), or its exit code is not expected (`host_error`). */
export const judge = (argv: readonly string[], options: RunOptions, ending: Ending): RunResult => {
  const [program = '', ...args] = argv;
  const { exitCode } = ending;
  if (exitCode !== undefined && (options.expect ?? [0]).includes(exitCode)) {
    return { stdout: textOf(ending.stdout), stderr: ending.stderr, exitCode };
  }
  const secrets = options.secrets ?? [];
  const shown = redact([program, ...args.map(shorten)].join(' '), secrets);
  const tail = redact(ending.stderr.slice(-tailLength).trim(), secrets);
  if (ending.cancelled) throw new InnkeeperError('cancelled', `${program} was cancelled`, { detail: shown });
  if (ending.timedOut) {
    throw new InnkeeperError('transient', `${program} did not finish in time`, { detail: `${shown}\n${tail}` });
  }
  // The last of many lines is seldom the one that says it.
  if (isDiskFull(ending.stderr))
    throw new InnkeeperError('host_error', `${program} failed: no space left on the disk`, {
      detail: `${shown}\n${tail}`,
      hint: diskFullHint,
    });
  throw new InnkeeperError(
    'host_error',
    `${program} failed (${ending.reason})${tail === '' ? '' : `: ${lastLine(tail)}`}`,
    { detail: `${shown}\n${tail}` },
  );
};

/** {@link Host.run} of a machine, from how a program is executed there. */
export const runBy =
  (executing: (argv: readonly string[], options: RunOptions) => Promise<Ending>) =>
  async (argv: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
    if (argv.length === 0) throw new TypeError('run needs a program');
    return judge(argv, options, await executing(argv, options));
  };

/** {@link Host.run} of this machine. */
export const runProgram = runBy((argv, options) => execute(argv, { ...options, env: minimalEnvironment(options.env) }));
