import type { HostProcess, ProcessExit, TerminalSize } from '@innkeeper/host';
import type { FrameType, ShellFrame } from './frames.ts';
import { shellInput } from './input.ts';
import { drainUnheard, shellOutput } from './output.ts';

/** One program of a guest, as seen by the connection that carries its frames. */
export interface Session {
  readonly process: HostProcess;
  /** Takes a frame of this session; what is wrong with it, or nothing. */
  take(frame: ShellFrame): string | undefined;
  /** The connection is gone. `why` is what the program's error output says at its end. */
  lose(why: string | undefined): void;
}

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** Columns and rows as a frame has them; a terminal has at least one of each. */
const sizeOf = ({ cols, rows }: TerminalSize): Buffer => {
  const bytes = Buffer.alloc(4);
  for (const [at, value] of [cols, rows].entries()) bytes.writeUInt16BE(Math.min(Math.max(1, value), 0xffff), 2 * at);
  return bytes;
};

/** What a session sends, and what it tells when it is over. */
export interface SessionEnds {
  readonly send: (type: FrameType, payload?: Uint8Array) => void;
  readonly over: () => void;
}

/** A program that has been asked for. It ends when the guest says so, when it is killed from here, or with its connection. */
export const shellSession = ({ send, over }: SessionEnds): Session => {
  const grant = (type: 'O' | 'P') => (bytes: number) => {
    if (!ended) send('C', Buffer.concat([Buffer.from(type), number(bytes)]));
  };
  let ended = false;
  const [stdout, stderr] = [shellOutput(grant('O')), shellOutput(grant('P'))];
  const stdin = shellInput(
    (bytes) => send('I', bytes),
    () => send('E'),
  );
  let settle: (exit: ProcessExit) => void = () => undefined;
  const exit = new Promise<ProcessExit>((resolve) => {
    settle = resolve;
  });
  const end = (how: ProcessExit): void => {
    if (ended) return;
    ended = true;
    stdin.close();
    stdout.end();
    stderr.end();
    settle(how);
    over();
  };
  drainUnheard(stdout.stream);
  drainUnheard(stderr.stream);

  const takes: Readonly<Record<string, (payload: Buffer) => boolean>> = {
    O: (payload) => stdout.take(payload),
    P: (payload) => stderr.take(payload),
    C: (payload) => payload.length === 4 && stdin.taken(payload.readUInt32BE()),
    Q: (payload) => {
      if (payload.length !== 4) return false;
      end({ code: payload.readUInt32BE() & 0xff, signal: undefined });
      return true;
    },
  };
  return {
    process: {
      stdin: stdin.stream,
      stdout: stdout.stream,
      stderr: stderr.stream,
      exit,
      resize: (size) => {
        if (!ended) send('R', sizeOf(size));
      },
      kill: (signal) => {
        if (ended) return;
        if (signal !== 'SIGKILL') return send('K', Buffer.from(signal.replace(/^SIG/, '')));
        // Whoever kills does not wait for a guest that may be paused: what it says of it later is not heard.
        send('X');
        end({ code: undefined, signal: 'SIGKILL' });
      },
    },
    take: ({ type, payload }) => {
      const good = takes[type]?.(payload);
      if (good === undefined) return `a frame "${type}" of a program`;
      return good ? undefined : `a frame "${type}" that it had no room for`;
    },
    lose: (why) => {
      if (why !== undefined && !ended) stderr.take(Buffer.from(`${why}\n`));
      end({ code: undefined, signal: undefined });
    },
  };
};
