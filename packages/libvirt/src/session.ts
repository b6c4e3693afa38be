import { randomBytes } from 'node:crypto';
import type { Host, HostProcess } from '@innkeeper/host';

export interface Answer {
  /** What each command printed, in order. */
  readonly sections: string[];
  /** What all of them complained about. */
  readonly stderr: string;
}

/** virsh ended, or was ended, before it had answered. */
export class SessionEnded extends Error {
  override readonly name = 'SessionEnded';
  readonly stderr: string;
  readonly timedOut: boolean;
  constructor(stderr: string, timedOut: boolean) {
    super('virsh ended before it had answered');
    this.stderr = stderr;
    this.timedOut = timedOut;
  }
}

interface Session {
  ask(lines: readonly string[], timeoutMs: number, signal: AbortSignal | undefined): Promise<Answer>;
  /** Whether its connection still holds, as far as virsh has told. */
  usable(): boolean;
  end(): void;
}

export interface Sessions {
  /**
   * Runs commands one after the other in a virsh that stays. Each is one line of words that mean nothing to virsh's
   * parser. Throws {@link SessionEnded}; when the signal fires, its reason.
   */
  ask(lines: readonly string[], timeoutMs: number, signal?: AbortSignal): Promise<Answer>;
}

/**
 * virsh writes each line that it reads to its output, cut to the width of a terminal, among what it prints. A mark is
 * written with quotes in the middle, so that only what `echo` prints of it is ever whole.
 */
const echo = (mark: string): string => `echo ${mark[0]}"${mark.slice(1)}"`;

/** How long a virsh that was killed may take to be gone. */
const killedMs = 60_000;

/** virsh's line editor takes its time for each line, and more for each character of a long one. */
const longestLine = 1000;

/** As few lines as hold the commands. */
const asLines = (commands: readonly string[]): string => {
  let text = '';
  let length = 0;
  for (const command of commands) {
    const joined = length > 0 && length + command.length < longestLine;
    text += joined ? `; ${command}` : `${length === 0 ? '' : '\n'}${command}`;
    length = joined ? length + command.length : command.length;
  }
  return `${text}\n`;
};

/** virsh connects again by itself and says so; what was said before is of the connection that is gone. */
const reconnected = /^error: Reconnected to the hypervisor$/m;
const sinceReconnected = (stderr: string): string => stderr.split(reconnected).at(-1) ?? '';

/** Everything up to and behind a mark, as it comes, without looking through all of it at every piece. */
const untilMark = (stream: NodeJS.ReadableStream) => {
  let pieces: string[] = [];
  let tail = '';
  let waiting: { readonly mark: string; readonly found: () => void } | undefined;
  let unasked: (text: string) => void = () => undefined;
  stream.setEncoding('utf8');
  stream.on('data', (piece: string) => {
    if (waiting === undefined) return unasked(piece);
    pieces.push(piece);
    tail += piece;
    if (tail.includes(waiting.mark)) waiting.found();
    tail = tail.slice(-waiting.mark.length);
  });
  stream.on('error', () => undefined);
  const take = (): string => {
    const text = pieces.join('');
    pieces = [];
    tail = '';
    waiting = undefined;
    return text;
  };
  return {
    wait: (mark: string): Promise<void> =>
      new Promise((found) => {
        waiting = { mark, found };
      }),
    take,
    onUnasked: (told: (text: string) => void) => {
      unasked = told;
    },
  };
};

const between = (text: string, from: string, to: string): { section: string; rest: string } => {
  const start = text.indexOf(from) + from.length;
  const end = text.indexOf(to, start);
  return { section: text.slice(start, end), rest: text.slice(end + to.length) };
};

const openSession = (process: HostProcess): Session => {
  const [out, err] = [untilMark(process.stdout), untilMark(process.stderr)];
  let holds = true;
  // Said while nobody asked: the daemon went away. The next to ask gets another virsh.
  err.onUnasked(() => end());
  const ended = process.exit.then(() => {
    holds = false;
    return 'ended' as const;
  });
  const end = (): void => {
    holds = false;
    process.kill('SIGKILL');
  };
  return {
    usable: () => holds,
    end,
    ask: async (lines, timeoutMs, signal) => {
      const mark = randomBytes(8).toString('hex');
      const [from, to, last] = [`a-${mark}`, `b-${mark}`, `c-${mark}`];
      const answered = Promise.all([out.wait(last), err.wait(last)]).then(() => 'answered' as const);
      const marked = lines.map((line) => `${echo(from)}; ${line}; ${echo(to)}`);
      process.stdin.write(asLines([...marked, `${echo(last)} --err; ${echo(last)}`]));
      let over: () => void = () => undefined;
      const stopped = new Promise<'stopped'>((resolve) => {
        over = () => resolve('stopped');
      });
      // Keeps this process alive while somebody waits; an idle session does not.
      const timer = setTimeout(over, timeoutMs);
      signal?.addEventListener('abort', over);
      const how = await Promise.race([answered, ended, stopped]).finally(() => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', over);
      });
      if (how === 'stopped') {
        end();
        // Nothing else keeps this process alive until it is gone.
        const alive = setTimeout(() => undefined, killedMs);
        await ended.finally(() => clearTimeout(alive));
      }
      const [printed, said] = [out.take(), err.take()];
      signal?.throwIfAborted();
      if (how !== 'answered') throw new SessionEnded(said, how === 'stopped');
      let rest = printed;
      const sections = lines.map(() => {
        const next = between(rest, from, to);
        rest = next.rest;
        return next.section;
      });
      const stderr = said.slice(0, said.lastIndexOf(`error: ${last}`));
      if (/^error: (?:Disconnected|Reconnected)/m.test(stderr)) end();
      return { sections, stderr: sinceReconnected(stderr) };
    },
  };
};

/**
 * A command costs a millisecond in a virsh that runs already, and a process and a connection in one that does not:
 * 25 ms on the machine itself, far more over ssh. One that nobody asked anything for `keepMs` ends.
 */
export const sessions = (host: Host, argv: readonly string[], keepMs: number): Sessions => {
  const idle: { readonly session: Session; readonly timer: NodeJS.Timeout }[] = [];

  const open = (): Session =>
    openSession(
      host.spawn(argv, {
        // No history: virsh would write every command into the user's own.
        env: { TZ: 'UTC', XDG_CACHE_HOME: '/dev/null' },
        background: true,
      }),
    );

  const taken = (): Session => {
    for (let next = idle.pop(); next !== undefined; next = idle.pop()) {
      clearTimeout(next.timer);
      if (next.session.usable()) return next.session;
    }
    return open();
  };

  const giveBack = (session: Session): void => {
    if (!session.usable()) return;
    const timer = setTimeout(() => {
      idle.splice(
        idle.findIndex((one) => one.session === session),
        1,
      );
      session.end();
    }, keepMs).unref();
    idle.push({ session, timer });
  };

  return {
    ask: async (lines, timeoutMs, signal) => {
      signal?.throwIfAborted();
      host.permit?.();
      const session = taken();
      const answer = await session.ask(lines, timeoutMs, signal);
      giveBack(session);
      return answer;
    },
  };
};
