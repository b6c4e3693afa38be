import { Readable } from 'node:stream';

/** Bytes of one output that may be on their way or wait here until somebody reads them. */
export const outputWindow = 256 * 1024;
/** So much has to be read before the guest is told: not every piece is worth a frame. */
const worthTelling = outputWindow / 4;

export interface Output {
  readonly stream: Readable;
  /** False when more came than there was room for. */
  take(bytes: Buffer): boolean;
  end(): void;
}

/** One output of a program. `grant` is told how much has been read, so that so much more may come. */
export const shellOutput = (grant: (bytes: number) => void): Output => {
  const waiting: Buffer[] = [];
  let [room, read] = [outputWindow, 0];
  let [ending, wanted] = [false, false];
  const hand = (): void => {
    for (let bytes = wanted ? waiting.shift() : undefined; bytes !== undefined; ) {
      read += bytes.length;
      wanted = stream.push(bytes);
      bytes = wanted ? waiting.shift() : undefined;
    }
    if (ending && waiting.length === 0) stream.push(null);
    if (read < worthTelling || ending) return;
    room += read;
    grant(read);
    read = 0;
  };
  const stream = new Readable({
    read: () => {
      wanted = true;
      hand();
    },
  });
  stream.on('error', () => undefined);
  return {
    stream,
    take: (bytes) => {
      if (bytes.length > room) return false;
      if (ending) return true;
      // Whoever wants no more of it does not make the program wait.
      if (stream.destroyed) {
        grant(bytes.length);
        return true;
      }
      room -= bytes.length;
      waiting.push(bytes);
      hand();
      return true;
    },
    end: () => {
      ending = true;
      hand();
    },
  };
};

/** As execa does for programs of this machine: an output that nobody listens to holds nobody up. */
export const drainUnheard = (stream: Readable): void => {
  setImmediate(() => {
    if (stream.readableFlowing === null) stream.resume();
  });
};
