import type { Duplex } from 'node:stream';
import type { HostProcess } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { encodeShellFrame, type FrameType, largestPayload, type ShellFrame } from './frames.ts';
import { greet, silent } from './greeting.ts';
import { type Session, shellSession } from './session.ts';
import { type ShellProgram, startPayload } from './start.ts';

/** The program inside runs at most as many at once. */
const mostSessions = 64;
/** What waits for a guest that takes nothing. */
const mostUnsent = 32 * 2 ** 20;

export interface ShellsOptions {
  /** The guest, for people. */
  readonly name: string;
  /** How long the program inside may take to answer, in milliseconds. Default 10,000. */
  readonly answerMs?: number;
}

/** An open connection to the program inside a guest that runs others. */
export interface Shells {
  /** Programs that run now. */
  readonly running: number;
  /** Throws `conflict` when as many run as can, `too_large` for words of more than 256 KiB, `invalid` for a NUL in one. */
  spawn(program: ShellProgram): HostProcess;
  /** Ends the connection; the guest then ends what still runs. */
  close(): void;
  /** Is there no more, whoever ended it. */
  readonly closed: Promise<void>;
}

/**
 * Takes over a connection to the port of a guest's shell. What the guest sends is never trusted: sizes and numbers are
 * bounded, and a frame that it must not send ends the connection with all its programs. Throws `conflict` when nobody
 * answers.
 */
export const openShells = async (stream: Duplex, options: ShellsOptions): Promise<Shells> => {
  const { name, answerMs = 10_000 } = options;
  stream.on('error', () => undefined);
  const framesIn = await greet(stream, name, answerMs);
  const sessions = new Map<number, Session>();
  let [last, over] = [0, false];
  let say: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    say = resolve;
  });
  const finish = (why: string | undefined): void => {
    if (over) return;
    over = true;
    stream.destroy();
    for (const session of sessions.values()) session.lose(why);
    sessions.clear();
    say();
  };
  const write = (type: FrameType, id: number, payload: Uint8Array = Buffer.alloc(0)): void => {
    if (over) return;
    stream.write(encodeShellFrame(type, id, payload));
    if (stream.writableLength > mostUnsent) finish(`${name} takes no more of what is sent to it`);
  };
  const obey = (frame: ShellFrame): string | undefined => {
    // A late answer to a greeting that was sent twice; without one of ours the program inside has begun anew.
    if (frame.type === 'H')
      return frame.payload.toString('latin1').endsWith(' -') ? 'that it has begun anew' : undefined;
    if (frame.session === 0 || frame.session > last) return `a frame of a program that was never started`;
    return sessions.get(frame.session)?.take(frame);
  };
  const hear = (chunk: Uint8Array): void => {
    try {
      for (const frame of framesIn(chunk)) {
        const wrong = over ? undefined : obey(frame);
        if (wrong !== undefined) finish(`the connection to the shell of ${name} has ended: it sent ${wrong}`);
      }
    } catch (error) {
      if (!(error instanceof InnkeeperError)) throw error;
      finish(`the connection to the shell of ${name} has ended: it sent ${error.message}`);
    }
  };
  const gone = (): void => finish(`the connection to the shell of ${name} has ended`);
  // A socket of this machine closes when its other end does; a stream of another kind only ends.
  stream.on('data', hear).once('end', gone).once('close', gone);
  hear(Buffer.alloc(0));
  stream.resume();
  if (stream.destroyed) gone();

  return {
    get running() {
      return sessions.size;
    },
    closed,
    close: () => finish(undefined),
    spawn: (program) => {
      const payload = startPayload(program);
      if (payload.length > largestPayload)
        throw new InnkeeperError('too_large', `The words of a command for ${name} are longer than 256 KiB`);
      if (over) throw silent(name);
      if (sessions.size >= mostSessions)
        throw new InnkeeperError('conflict', `${mostSessions} programs run in ${name} already`);
      last += 1;
      const id = last;
      const session = shellSession({
        send: (type, payload) => write(type, id, payload),
        over: () => void sessions.delete(id),
      });
      sessions.set(id, session);
      write('S', id, payload);
      return session.process;
    },
  };
};
