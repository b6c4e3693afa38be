import { InnkeeperError } from '@innkeeper/model';
import { execa } from 'execa';
import { minimalEnvironment } from './environment.ts';
import type { RunOptions, RunResult } from './host.ts';

const largestOutput = 64 * 1024 * 1024;
const tailLength = 2000;

const redact = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((shown, secret) => (secret === '' ? shown : shown.replaceAll(secret, '[secret]')), text);

/** Long arguments (XML, helper programs) say nothing in an error. */
const shorten = (argument: string): string => {
  const line = argument.split('\n', 1)[0] ?? '';
  return line.length > 80 || line !== argument ? `${line.slice(0, 80)}…` : line;
};

/** See {@link Host.run}. */
export const runProgram = async (argv: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError('run needs a program');
  const expect = options.expect ?? [0];
  const child = execa(program, args, {
    extendEnv: false,
    env: minimalEnvironment(options.env),
    reject: false,
    stripFinalNewline: false,
    timeout: options.timeoutMs ?? 60_000,
    forceKillAfterDelay: 5000,
    maxBuffer: largestOutput,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  const { onLine } = options;
  if (onLine !== undefined) {
    const follow = async (from: 'stdout' | 'stderr'): Promise<void> => {
      for await (const line of child.iterable({ from })) onLine(String(line));
    };
    await Promise.allSettled([follow('stdout'), follow('stderr')]);
  }
  const result = await child;
  if (result.exitCode !== undefined && expect.includes(result.exitCode)) {
    return { stdout: String(result.stdout), stderr: String(result.stderr), exitCode: result.exitCode };
  }
  const shown = redact([program, ...args.map(shorten)].join(' '), options.secrets ?? []);
  const tail = redact(
    String(result.stderr ?? '')
      .slice(-tailLength)
      .trim(),
    options.secrets ?? [],
  );
  if (result.isCanceled) throw new InnkeeperError('cancelled', `${program} was cancelled`, { detail: shown });
  if (result.timedOut) {
    throw new InnkeeperError('transient', `${program} did not finish in time`, { detail: `${shown}\n${tail}` });
  }
  const reason =
    result.exitCode === undefined ? (result.originalMessage ?? 'did not start') : `exit code ${result.exitCode}`;
  throw new InnkeeperError('host_error', `${program} failed (${reason})${tail === '' ? '' : `: ${lastLine(tail)}`}`, {
    detail: `${shown}\n${tail}`,
  });
};

const lastLine = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .at(-1)
    ?.trim() ?? '';
