import { InnkeeperError } from '@innkeeper/model';

/** The byte that ends a frame, and stands nowhere else. */
export const frameEnd = 0x7e;

/** Letters of frames in both directions; perl/guest-shell.pl says what each carries. */
export type FrameType = 'H' | 'S' | 'I' | 'E' | 'C' | 'R' | 'K' | 'X' | 'O' | 'P' | 'Q';

export interface ShellFrame {
  /** A letter; of another version perhaps none of {@link FrameType}. */
  readonly type: string;
  readonly session: number;
  readonly payload: Buffer;
}

const [escapeByte, flip] = [0x7d, 0x20];
const headBytes = 9;

/** Bytes that one frame carries at most, in either direction. */
export const largestPayload = 256 * 1024;
/** As it is written each byte may become two. */
const longestFrame = 2 * (headBytes + largestPayload);

const isSpecial = (byte: number): boolean => byte === frameEnd || byte === escapeByte;

/** A frame as it is written: letter, session, length and payload, with the two special bytes escaped, and its end. */
export const encodeShellFrame = (type: FrameType, session: number, payload: Uint8Array): Buffer => {
  if (payload.length > largestPayload)
    throw new InnkeeperError('too_large', `A virtual machine takes at most ${largestPayload / 1024} KiB at once`);
  const plain = Buffer.alloc(headBytes + payload.length);
  plain.write(type, 0, 'latin1');
  plain.writeUInt32BE(session, 1);
  plain.writeUInt32BE(payload.length, 5);
  plain.set(payload, headBytes);
  let specials = 0;
  for (const byte of plain) if (isSpecial(byte)) specials += 1;
  const written = Buffer.alloc(plain.length + specials + 1);
  let at = 0;
  for (const byte of plain) {
    if (isSpecial(byte)) {
      written[at++] = escapeByte;
      written[at++] = byte ^ flip;
    } else written[at++] = byte;
  }
  written[at] = frameEnd;
  return written;
};

const unescaped = (written: Buffer): Buffer => {
  let from = written.indexOf(escapeByte);
  if (from < 0) return written;
  const plain = Buffer.alloc(written.length);
  let [to, copied] = [0, 0];
  while (from >= 0) {
    to += written.copy(plain, to, copied, from);
    if (from + 1 < written.length) plain[to++] = (written[from + 1] ?? 0) ^ flip;
    copied = from + 2;
    from = written.indexOf(escapeByte, copied);
  }
  to += written.copy(plain, to, Math.min(copied, written.length));
  return plain.subarray(0, to);
};

/** Undefined for what is no whole frame. */
const decode = (written: Buffer): ShellFrame | undefined => {
  const plain = unescaped(written);
  if (plain.length < headBytes || plain.readUInt32BE(5) !== plain.length - headBytes) return undefined;
  return {
    type: plain.toString('latin1', 0, 1),
    session: plain.readUInt32BE(1),
    payload: plain.subarray(headBytes),
  };
};

/** What became of some bytes: the frames in them, and how many were none. */
export interface Decoded {
  readonly frames: readonly ShellFrame[];
  readonly broken: number;
}

/**
 * Takes bytes as they come and gives the frames in them. What is longer than any frame is thrown away up to its end and
 * counts as broken, so that no more than one frame is ever kept.
 */
export const shellFrameReader = (): ((bytes: Uint8Array) => Decoded) => {
  let kept: Buffer[] = [];
  let size = 0;
  let skipping = false;
  const keep = (part: Buffer): void => {
    if (skipping || part.length === 0) return;
    size += part.length;
    if (size > longestFrame) {
      skipping = true;
      kept = [];
    } else kept.push(Buffer.from(part));
  };
  return (bytes) => {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: ShellFrame[] = [];
    let [broken, from] = [0, 0];
    for (let at = chunk.indexOf(frameEnd); at >= 0; at = chunk.indexOf(frameEnd, from)) {
      keep(chunk.subarray(from, at));
      from = at + 1;
      const frame = skipping || size === 0 ? undefined : decode(Buffer.concat(kept));
      if (frame !== undefined) frames.push(frame);
      else if (skipping || size > 0) broken += 1;
      [kept, size, skipping] = [[], 0, false];
    }
    keep(chunk.subarray(from));
    return { frames, broken };
  };
};
