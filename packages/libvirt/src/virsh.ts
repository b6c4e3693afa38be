import { randomUUID } from 'node:crypto';
import type { Host, RunResult } from '@innkeeper/host';
import { InnkeeperError, toInnkeeperError } from '@innkeeper/model';
import { errorLines, virshFailure } from './errors.ts';
import { type Limiter, limiter } from './limit.ts';
import { batchCommand, checkedUri } from './words.ts';

export interface VirshOptions {
  /** Milliseconds one call may take. Default 30,000. */
  readonly timeoutMs?: number;
  /** virsh processes at a time. Default 8. */
  readonly parallel?: number;
  /** Ends every call that runs when it fires. */
  readonly signal?: AbortSignal;
}

export interface CallOptions {
  readonly timeoutMs?: number;
}

/**
 * Runs virsh against one connection. `attempt` says what is being done, for the message of a failure: "start domain
 * 4dea…".
 */
export interface Virsh {
  readonly host: Host;
  readonly uri: string;
  /** One command in a process of its own, with a true exit code. Returns what it printed. */
  run(attempt: string, args: readonly string[], options?: CallOptions): Promise<string>;
  /** Like `run`, with a document that the command reads from `/dev/stdin`. */
  runWithInput(attempt: string, args: readonly string[], input: string, options?: CallOptions): Promise<string>;
  /** Like `run` for a command that writes a file: `--file` and a name are appended, the file's bytes returned. */
  runForFile(attempt: string, args: readonly string[], options?: CallOptions): Promise<Uint8Array>;
  /**
   * Several reads in one process: what each printed, in order; a read that failed printed nothing.
   * Throws for every error line that `tolerate` does not name.
   */
  batch(
    attempt: string,
    commands: readonly (readonly string[])[],
    options?: CallOptions & { readonly tolerate?: RegExp },
  ): Promise<string[]>;
}

/**
 * virsh opens `/dev/stdin` by name, and Node (like sshd) gives its children sockets, which cannot be opened by name
 * (ENXIO): a real pipe has to stand between. The script is constant, its arguments are never parsed.
 */
const pipeScript = 'cat | exec virsh "$@"';

/** Two processes less than a file made, written and removed by three calls, which counts over ssh. */
const fileScript = `set -e
file=$(mktemp)
trap 'rm -f "$file"' EXIT
trap 'exit 143' TERM INT HUP
virsh "$@" --file "$file" >&2
base64 -w 0 "$file"`;

const timeoutExit = 124;

export const createVirsh = (host: Host, uri: string, options: VirshOptions = {}): Virsh => {
  const base = ['-c', checkedUri(uri), '-q'];
  const limit: Limiter = limiter(options.parallel ?? 8);
  const timeLimit = (call: CallOptions | undefined): number => call?.timeoutMs ?? options.timeoutMs ?? 30_000;

  const execute = async (
    attempt: string,
    argv: readonly string[],
    timeoutMs: number,
    input?: string,
  ): Promise<RunResult> => {
    const doing = `${attempt} (${uri})`;
    let result: RunResult;
    try {
      result = await limit(() =>
        host.run(argv, {
          timeoutMs,
          expect: [0, 1, timeoutExit],
          // Times of leases are printed in the local zone.
          env: { TZ: 'UTC' },
          ...(input === undefined ? {} : { input }),
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        }),
      );
    } catch (thrown) {
      const cause = toInnkeeperError(thrown);
      throw new InnkeeperError(cause.code, `Cannot ${doing}`, {
        cause,
        ...(cause.detail === undefined ? {} : { detail: cause.detail }),
      });
    }
    if (result.exitCode === timeoutExit) {
      throw new InnkeeperError('transient', `Cannot ${doing}`, {
        cause: new Error('virsh did not finish in time'),
        detail: result.stderr,
      });
    }
    if (result.exitCode !== 0) throw virshFailure(doing, result.stderr);
    return result;
  };

  /**
   * `timeout` leads a process group and ends all of it, when its time is over or when it is told to end itself;
   * without it virsh would outlive the shell and hold our end of its outputs open.
   */
  const scripted = (script: string, args: readonly string[], timeoutMs: number): string[] => {
    const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
    return ['timeout', '--kill-after=5', String(seconds), 'sh', '-c', script, 'virsh', ...base, ...args];
  };

  return {
    host,
    uri,
    run: async (attempt, args, call) => (await execute(attempt, ['virsh', ...base, ...args], timeLimit(call))).stdout,
    runWithInput: async (attempt, args, input, call) => {
      const timeoutMs = timeLimit(call);
      const argv = scripted(pipeScript, args, timeoutMs);
      return (await execute(attempt, argv, timeoutMs + 10_000, input)).stdout;
    },
    runForFile: async (attempt, args, call) => {
      const timeoutMs = timeLimit(call);
      const { stdout } = await execute(attempt, scripted(fileScript, args, timeoutMs), timeoutMs + 10_000);
      return Buffer.from(stdout, 'base64');
    },
    batch: async (attempt, commands, call = {}) => {
      // Nobody can put a mark into what is printed (a description, a name) that is drawn for this one call.
      const mark = randomUUID();
      // A mark behind the last one too: virsh's exit code is its last command's, and one read that fails is no failed batch.
      const text = commands.map((command) => `${batchCommand(command)}; echo ${mark}`).join('; ');
      const { stdout, stderr } = await execute(attempt, ['virsh', ...base, text], timeLimit(call));
      const unexpected = errorLines(stderr).filter((line) => call.tolerate?.test(line) !== true);
      if (unexpected.length > 0)
        throw virshFailure(`${attempt} (${uri})`, unexpected.map((line) => `error: ${line}`).join('\n'));
      const sections = stdout.split(mark).slice(0, -1);
      if (sections.length !== commands.length) throw virshFailure(`${attempt} (${uri})`, stderr);
      return sections;
    },
  };
};
