import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { type Ending, type ExecuteOptions, execute } from '../execute.ts';
import type { RunOptions } from '../host.ts';
import type { Connection } from './connection.ts';
import { connectionLost, sshFailure } from './failure.ts';
import { beginOf, newMark, type Said, withoutMarks } from './marks.ts';
import { supervisedLine } from './supervised.ts';

export type RemoteOptions = RunOptions & Pick<ExecuteOptions, 'bytes' | 'largestOutput'>;

/** How long after the limit this side waits for the other side to have ended its program: 5 s until SIGKILL, and the way. */
const graceMs = 15_000;

export const signalName = (number: number): NodeJS.Signals | undefined =>
  (Object.keys(constants.signals) as NodeJS.Signals[]).find((name) => constants.signals[name] === number);

/** What {@link execute} answers for a program of this machine that did the same. */
const endingOf = (program: string, said: Said): Partial<Ending> => {
  const code = said.get('exit');
  if (code !== undefined) return { exitCode: code, reason: `exit code ${code}` };
  const none = { exitCode: undefined };
  if (said.has('late')) return { ...none, timedOut: true };
  const failed = said.get('failed');
  if (failed !== undefined) return { ...none, reason: `spawn ${program} ${getSystemErrorName(-failed)}` };
  return { ...none, reason: `killed by ${signalName(said.get('signal') ?? 0)}` };
};

/** Lines as they come, without those that the supervisor alone wrote. */
const cleanLines =
  (onLine: (line: string) => void, mark: string) =>
  (line: string): void => {
    const said: Said = new Map();
    const clean = withoutMarks(line, mark, said);
    if (clean !== '' || said.size === 0) onLine(clean);
  };

/** Rejects as soon as the signal fires; what it waited for goes on. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> => {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
};

const neverBegan: Ending = {
  stdout: '',
  stderr: '',
  exitCode: undefined,
  reason: 'did not start',
  cancelled: true,
  timedOut: false,
};

/**
 * {@link execute} for a program of the other side. When this side ends its ssh, the other side ends the program.
 * Throws when it could not be started because of the connection, or the connection was lost (`transient`).
 */
export const executeOver = async (
  connection: Connection,
  argv: readonly string[],
  options: RemoteOptions,
): Promise<Ending> => {
  const { target, env } = connection;
  const [program = ''] = argv;
  const { timeoutMs = 60_000, onLine } = options;
  const mark = newMark();
  const line = await supervisedLine(argv, { mark, env: options.env, cwd: options.cwd, timeoutMs });
  const leasing = connection.lease();
  const lease = await unlessAborted(leasing, options.signal);
  if (lease === undefined) {
    leasing.then(
      ({ release }) => release(),
      () => undefined,
    );
    return neverBegan;
  }
  let ending: Ending;
  try {
    ending = await execute(lease.command(line, false), {
      env,
      timeoutMs: timeoutMs + graceMs,
      ...(options.input === undefined ? {} : { input: options.input }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.bytes === undefined ? {} : { bytes: options.bytes }),
      ...(options.largestOutput === undefined ? {} : { largestOutput: options.largestOutput }),
      ...(onLine === undefined ? {} : { onLine: cleanLines(onLine, mark) }),
    });
  } finally {
    lease.release();
  }
  const said: Said = new Map();
  const stderr = withoutMarks(ending.stderr.slice(Math.max(0, beginOf(ending.stderr, mark))), mark, said);
  const began = said.delete('pid');
  if (said.size > 0) return { ...ending, stderr, ...endingOf(program, said) };
  // Ended on this side: by the caller, by the limit or by too much output.
  if (ending.cancelled || ending.timedOut || ending.exitCode === undefined) return { ...ending, stderr };
  throw began ? connectionLost(target, program, stderr) : sshFailure(target, stderr);
};
