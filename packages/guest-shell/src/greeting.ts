import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { InnkeeperError } from '@innkeeper/model';
import { encodeShellFrame, frameEnd, type ShellFrame, shellFrameReader } from './frames.ts';

/** What perl/guest-shell.pl speaks. */
const version = '1';
/** Old frames that may be on their way when a connection begins. */
const mostOld = 4 * 2 ** 20;
const askAgainMs = 500;

/** Reads the frames behind the greeting. Throws `host_error` for what is none. */
export type ReadFrames = (chunk: Uint8Array) => readonly ShellFrame[];

/** What is said of a guest that does not answer. */
export const silent = (name: string): InnkeeperError =>
  new InnkeeperError('conflict', `${name} does not answer on the port of its shell`, {
    hint: `it may be busy, paused, or used by another Innkeeper; inn console ${name} works without it`,
  });

const strict = (read: ReturnType<typeof shellFrameReader>, first: readonly ShellFrame[]): ReadFrames => {
  let early = first;
  return (chunk) => {
    const { frames, broken } = read(chunk);
    if (broken > 0) throw new InnkeeperError('host_error', 'what is no frame');
    const all = [...early, ...frames];
    early = [];
    return all;
  };
};

/** Where the answer to a greeting is; undefined while there is none. Throws `unsupported` for one of another version. */
const answerIn = (frames: readonly ShellFrame[], nonce: string, name: string): number | undefined => {
  const at = frames.findIndex(({ type, payload }) => type === 'H' && payload.toString('latin1').endsWith(` ${nonce}`));
  if (at < 0) return undefined;
  if (frames[at]?.payload.toString('latin1') === `${version} ${nonce}`) return at;
  throw new InnkeeperError('unsupported', `The shell inside ${name} is of another version than Innkeeper's`, {
    hint: `inn console ${name}`,
  });
};

/** Hears until the answer comes; throws away what an earlier connection left. */
const answerTo = (nonce: string, name: string): ((chunk: Buffer) => ReadFrames | undefined) => {
  const read = shellFrameReader();
  let old = 0;
  return (chunk) => {
    const { frames } = read(chunk);
    const at = answerIn(frames, nonce, name);
    if (at !== undefined) return strict(read, frames.slice(at + 1));
    old += chunk.length;
    if (old > mostOld) throw new InnkeeperError('host_error', `${name} breaks the protocol of its shell`);
    return undefined;
  };
};

/**
 * Says who we are until the guest answers just that. The stream is paused afterwards, or destroyed. Throws `conflict` when
 * nobody answers, `unsupported` for another version.
 */
export const greet = (stream: Duplex, name: string, answerMs: number): Promise<ReadFrames> => {
  const nonce = randomBytes(16).toString('hex');
  // The first byte ends what another connection may have begun.
  const hello = Buffer.concat([Buffer.of(frameEnd), encodeShellFrame('H', 0, Buffer.from(`${version} ${nonce}`))]);
  const answered = answerTo(nonce, name);
  return new Promise((resolve, reject) => {
    const asking = setInterval(() => stream.write(hello), askAgainMs);
    const fail = (error: unknown): void => {
      stop();
      stream.destroy();
      reject(error);
    };
    const late = setTimeout(() => fail(silent(name)), answerMs);
    const gone = (): void => fail(silent(name));
    const hear = (chunk: Buffer): void => {
      try {
        const reader = answered(chunk);
        if (reader === undefined) return;
        stop();
        resolve(reader);
      } catch (error) {
        fail(error);
      }
    };
    const stop = (): void => {
      clearInterval(asking);
      clearTimeout(late);
      stream.off('data', hear).off('end', gone).off('close', gone);
      // Nothing may get lost before somebody listens again.
      stream.pause();
    };
    stream.on('data', hear).once('end', gone).once('close', gone);
    stream.write(hello);
  });
};
