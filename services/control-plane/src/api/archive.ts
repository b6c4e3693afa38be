import { Readable } from 'node:stream';
import type { Control } from '../control.ts';

export const archiveType = 'application/x-tar';

/** An answer has begun by then: who reads it sees that it is cut off, and the log says why. */
async function* told(control: Control, what: string, archive: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* archive;
  } catch (error) {
    control.log.error({ err: error }, `${what} was cut off`);
    throw error;
  }
}

/** The body of an answer that is an archive. */
export const streamed = (control: Control, what: string, archive: AsyncIterable<Buffer>): ReadableStream =>
  Readable.toWeb(Readable.from(told(control, what, archive))) as ReadableStream;
