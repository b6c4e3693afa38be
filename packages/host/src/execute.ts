import { execa } from 'execa';
import type { RunOptions } from './host.ts';

export interface ExecuteOptions extends Pick<RunOptions, 'input' | 'cwd' | 'timeoutMs' | 'signal' | 'onLine'> {
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  /** The output as bytes instead of text; without `onLine`. */
  readonly bytes?: boolean;
  /** Bytes of one output at which the program is ended. Default 64 MiB. */
  readonly largestOutput?: number;
}

/** How a program ended, before anybody says whether that is a failure. */
export interface Ending {
  /** Bytes when they were asked for. */
  readonly stdout: string | Uint8Array;
  readonly stderr: string;
  /** Nothing when it did not start or was killed; `reason` says it. */
  readonly exitCode: number | undefined;
  readonly reason: string;
  readonly cancelled: boolean;
  readonly timedOut: boolean;
}

export const textOf = (output: string | Uint8Array): string =>
  typeof output === 'string' ? output : Buffer.from(output).toString('utf8');

interface Outcome {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly originalMessage?: string | undefined;
}

const reasonOf = ({ exitCode, signal, originalMessage }: Outcome): string => {
  if (exitCode !== undefined) return `exit code ${exitCode}`;
  return originalMessage ?? (signal === undefined ? 'did not start' : `killed by ${signal}`);
};

/** Runs a program of this machine to its end. Whatever happens is an answer; nothing is thrown. */
export const execute = async (argv: readonly string[], options: ExecuteOptions): Promise<Ending> => {
  const [program = '', ...args] = argv;
  const child = execa(program, args, {
    extendEnv: false,
    env: options.env,
    reject: false,
    stripFinalNewline: false,
    encoding: options.bytes === true ? ('buffer' as const) : ('utf8' as const),
    timeout: options.timeoutMs ?? 60_000,
    forceKillAfterDelay: 5000,
    maxBuffer: options.largestOutput ?? 64 * 1024 * 1024,
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
  return {
    stdout: result.stdout ?? '',
    stderr: textOf(result.stderr ?? ''),
    exitCode: result.exitCode,
    reason: reasonOf(result),
    cancelled: result.isCanceled,
    timedOut: result.timedOut,
  };
};
