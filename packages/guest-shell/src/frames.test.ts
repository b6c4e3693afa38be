import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { encodeShellFrame, type FrameType, frameEnd, largestPayload, shellFrameReader } from './frames.ts';

const types: readonly FrameType[] = ['H', 'S', 'I', 'E', 'C', 'R', 'K', 'X', 'O', 'P', 'Q'];
/** Bytes of which many are the two that are written otherwise. */
const payload = fc
  .array(fc.oneof(fc.constantFrom(0x7d, 0x7e, 0x5d, 0x5e), fc.nat(255)), { maxLength: 300 })
  .map((bytes) => Buffer.from(bytes));
const frame = fc.record({
  type: fc.constantFrom(...types),
  session: fc.oneof(fc.nat(0xffff_ffff), fc.constant(0x7e7d7e7d)),
  payload,
});

/** The same bytes in pieces of any size. */
const pieces = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const found: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes.length === 0 ? bytes.length : (sizes[turn % sizes.length] ?? 1);
    found.push(bytes.subarray(at, at + size));
    at += size;
  }
  return found;
};

const written = (frames: readonly { type: FrameType; session: number; payload: Buffer }[]): Buffer =>
  Buffer.concat(frames.map((one) => encodeShellFrame(one.type, one.session, one.payload)));

describe('a frame of a shell', () => {
  test.prop([fc.array(frame), fc.array(fc.integer({ min: 1, max: 50 }))])(
    'is read as it was written, however it comes in pieces',
    (frames, sizes) => {
      const read = shellFrameReader();
      const decoded = pieces(written(frames), sizes).map(read);
      expect(decoded.flatMap((one) => one.frames)).toEqual(frames);
      expect(decoded.every(({ broken }) => broken === 0)).toBe(true);
    },
  );

  test.prop([frame])('has its last byte nowhere else', (one) => {
    expect(written([one]).indexOf(frameEnd)).toBe(written([one]).length - 1);
  });

  test.prop([frame, frame, fc.nat()])('is found behind one that was cut off', (cut, whole, at) => {
    const first = written([cut]);
    const part = first.subarray(0, at % (first.length - 1));
    const { frames, broken } = shellFrameReader()(Buffer.concat([part, Buffer.of(frameEnd), written([whole])]));
    expect(frames).toEqual([whole]);
    expect(broken).toBe(part.length === 0 ? 0 : 1);
  });

  test.prop([fc.array(fc.uint8Array({ maxLength: 200 }))])('is never made of bytes that are none', (chunks) => {
    const read = shellFrameReader();
    for (const { frames } of chunks.map(read))
      for (const one of frames) expect(one.payload.length).toBeLessThanOrEqual(largestPayload);
  });

  it('that never ends is thrown away up to its end', () => {
    const read = shellFrameReader();
    const endless = Buffer.alloc(2 ** 20, 0x61);
    for (let times = 0; times < 8; times += 1) expect(read(endless)).toEqual({ frames: [], broken: 0 });
    const next = { type: 'Q' as const, session: 1, payload: Buffer.alloc(4) };
    expect(read(Buffer.concat([Buffer.of(frameEnd), written([next])]))).toEqual({ frames: [next], broken: 1 });
  });

  it('carries no more than a quarter of a mebibyte', () => {
    expect(() => encodeShellFrame('S', 1, Buffer.alloc(largestPayload + 1))).toThrow('256 KiB');
    const most = { type: 'S' as const, session: 1, payload: Buffer.alloc(largestPayload, frameEnd) };
    expect(shellFrameReader()(written([most])).frames).toEqual([most]);
  });
});
