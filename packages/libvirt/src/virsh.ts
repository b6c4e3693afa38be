import { randomUUID } from 'node:crypto';
import { type Host, type Limiter, limiter, type RunResult } from '@innkeeper/host';
import { InnkeeperError, toInnkeeperError } from '@innkeeper/model';
import { errorLines, virshFailure } from './errors.ts';
import { type Answer, SessionEnded, sessions } from './session.ts';
import { batchCommand, checkedUri, commandLine } from './words.ts';

export interface VirshOptions {
  /** Milliseconds one call may take. Default 30,000. */
  readonly timeoutMs?: number;
  /** virsh processes at a time. Default 8. */
  readonly parallel?: number;
  /** Ends every call that runs when it fires. */
  readonly signal?: AbortSignal;
  /** Folder of the host, made when it is missing, for documents on their way to virsh. Default `/run`. */
  readonly scratch?: string;
  /** Milliseconds until a virsh that nobody asks anything ends. Default 20,000. */
  readonly keepMs?: number;
}

export interface CallOptions {
  readonly timeoutMs?: number;
}

/**
 * Runs virsh against one connection. `attempt` says what is being done, for the message of a failure: "start domain
 * 4dea…". Commands that fit on a line go to a virsh that runs already, others to a process of their own.
 */
export interface Virsh {
  readonly host: Host;
  readonly uri: string;
  /** One command. Returns what it printed. */
  run(attempt: string, args: readonly string[], options?: CallOptions): Promise<string>;
  /** Like `run` for a command that reads a file: `--file` and the name of one with this content are appended. */
  runWithFile(attempt: string, args: readonly string[], content: string, options?: CallOptions): Promise<string>;
  /** Like `run` for a command that writes a file: `--file` and a name are appended, the file's bytes returned. */
  runForFile(attempt: string, args: readonly string[], options?: CallOptions): Promise<Uint8Array>;
  /**
   * Several reads at once: what each printed, in order; a read that failed printed nothing.
   * Throws for every error line that `tolerate` does not name.
   */
  batch(
    attempt: string,
    commands: readonly (readonly string[])[],
    options?: CallOptions & { readonly tolerate?: RegExp },
  ): Promise<string[]>;
}

/** Two processes less than a file made, written and removed by three calls, which counts over ssh. */
const fileScript = `set -e
file=$(mktemp)
trap 'rm -f "$file"' EXIT
trap 'exit 143' TERM INT HUP
virsh "$@" --file "$file" >&2
base64 -w 0 "$file"`;

const timeoutExit = 124;
const neverRan = 'error: virsh could not be run, or was killed';

export const createVirsh = (host: Host, uri: string, options: VirshOptions = {}): Virsh => {
  const base = ['-c', checkedUri(uri), '-q'];
  // libvirtd serves 20 clients' workers by default and shares them with the user's own tools.
  const limit: Limiter = limiter(options.parallel ?? 8);
  const timeLimit = (call: CallOptions | undefined): number => call?.timeoutMs ?? options.timeoutMs ?? 30_000;

  const staying = sessions(host, ['virsh', ...base], options.keepMs ?? 20_000);

  const late = (doing: string, stderr: string): InnkeeperError =>
    new InnkeeperError('transient', `Cannot ${doing}`, {
      cause: new Error('virsh did not finish in time'),
      detail: stderr,
    });

  const wrapped = (doing: string, thrown: unknown): InnkeeperError => {
    if (thrown instanceof SessionEnded)
      return thrown.timedOut ? late(doing, thrown.stderr) : virshFailure(doing, thrown.stderr || neverRan);
    if (options.signal?.aborted === true) return new InnkeeperError('cancelled', `Cannot ${doing}: it was cancelled`);
    const cause = toInnkeeperError(thrown);
    return new InnkeeperError(cause.code, `Cannot ${doing}`, {
      cause,
      ...(cause.detail === undefined ? {} : { detail: cause.detail }),
    });
  };

  const ask = async (attempt: string, lines: readonly string[], timeoutMs: number): Promise<Answer> => {
    try {
      return await limit(() => staying.ask(lines, timeoutMs, options.signal));
    } catch (thrown) {
      throw wrapped(`${attempt} (${uri})`, thrown);
    }
  };

  const execute = async (attempt: string, argv: readonly string[], timeoutMs: number): Promise<RunResult> => {
    const doing = `${attempt} (${uri})`;
    let result: RunResult;
    try {
      result = await limit(() =>
        host.run(argv, {
          timeoutMs,
          expect: [0, 1, timeoutExit],
          // Times of leases are printed in the local zone.
          env: { TZ: 'UTC' },
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        }),
      );
    } catch (thrown) {
      throw wrapped(doing, thrown);
    }
    if (result.exitCode === timeoutExit) throw late(doing, result.stderr);
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

  const run = async (attempt: string, args: readonly string[], call?: CallOptions): Promise<string> => {
    const line = commandLine(args);
    if (line === undefined) return (await execute(attempt, ['virsh', ...base, ...args], timeLimit(call))).stdout;
    const { sections, stderr } = await ask(attempt, [line], timeLimit(call));
    if (errorLines(stderr).length > 0) throw virshFailure(`${attempt} (${uri})`, stderr);
    return sections[0] ?? '';
  };

  return {
    host,
    uri,
    run,
    runWithFile: async (attempt, args, content, call) => {
      const folder = options.scratch ?? '/run';
      const file = `${folder}/virsh-${randomUUID()}`;
      if ((await host.files.facts(folder)) === undefined) await host.files.makeDirectory(folder, 0o755);
      await host.files.write(file, content, 0o600);
      try {
        return await run(attempt, [...args, '--file', file], call);
      } finally {
        await host.files.remove(file);
      }
    },
    runForFile: async (attempt, args, call) => {
      const timeoutMs = timeLimit(call);
      const { stdout } = await execute(attempt, scripted(fileScript, args, timeoutMs), timeoutMs + 10_000);
      return Buffer.from(stdout, 'base64');
    },
    batch: async (attempt, commands, call = {}) => {
      const { sections, stderr } = await ask(attempt, commands.map(batchCommand), timeLimit(call));
      const unexpected = errorLines(stderr).filter((line) => call.tolerate?.test(line) !== true);
      if (unexpected.length > 0)
        throw virshFailure(`${attempt} (${uri})`, unexpected.map((line) => `error: ${line}`).join('\n'));
      return sections;
    },
  };
};
