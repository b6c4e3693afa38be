import { Writable } from 'node:stream';

/** Bytes of a program's input that may be on their way to it: what a guest keeps until the program takes it. */
export const inputWindow = 256 * 1024;
const largestPiece = 32 * 1024;

export interface Input {
  readonly stream: Writable;
  /** The program has taken so many bytes more. False when it was never sent as many. */
  taken(bytes: number): boolean;
  /** The program has ended, or nobody can reach it: whatever is written from now on goes nowhere. */
  close(): void;
}

/** The input of a program: whoever writes more than it takes waits. */
export const shellInput = (send: (bytes: Buffer) => void, sendEnd: () => void): Input => {
  let room = inputWindow;
  let closed = false;
  let waiting: { readonly rest: Buffer; readonly done: () => void } | undefined;
  const goOn = (): void => {
    while (waiting !== undefined) {
      const { rest, done } = waiting;
      if (closed || rest.length === 0) {
        waiting = undefined;
        done();
        continue;
      }
      if (room === 0) return;
      const piece = rest.subarray(0, Math.min(room, largestPiece));
      room -= piece.length;
      waiting = { rest: rest.subarray(piece.length), done };
      send(piece);
    }
  };
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      waiting = { rest: chunk, done: () => done() };
      goOn();
    },
    final: (done) => {
      if (!closed) sendEnd();
      done();
    },
  });
  // A program that ends before reading its input is no error of ours.
  stream.on('error', () => undefined);
  return {
    stream,
    taken: (bytes) => {
      if (room + bytes > inputWindow) return false;
      room += bytes;
      goOn();
      return true;
    },
    close: () => {
      closed = true;
      goOn();
    },
  };
};
