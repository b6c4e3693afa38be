import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { type Channel, channels, decodeFrame, encodeFrame, frameJson } from './frames.ts';

const names = Object.keys(channels) as Channel[];

describe('a frame', () => {
  test.prop([fc.constantFrom(...names), fc.uint8Array()])('is decoded to what was encoded', (channel, payload) => {
    expect(decodeFrame(encodeFrame(channel, payload))).toEqual({ channel, payload });
  });

  test.prop([fc.constantFrom(...names), fc.dictionary(fc.string(), fc.jsonValue())])(
    'carries JSON',
    (channel, value) => {
      const frame = decodeFrame(encodeFrame(channel, value));
      expect(frame === undefined ? undefined : JSON.stringify(frameJson(frame))).toBe(JSON.stringify(value));
    },
  );

  test.prop([fc.uint8Array()])('of any bytes is decoded or ignored', (message) => {
    const frame = decodeFrame(message);
    const known = message[0] !== undefined && (Object.values(channels) as number[]).includes(message[0]);
    expect(frame !== undefined).toBe(known);
  });

  it('keeps the numbers that are part of the API', () => {
    expect(channels).toEqual({ stdin: 0, stdout: 1, stderr: 2, resize: 3, signal: 4, exit: 5, start: 6 });
  });

  it('with an empty payload is one byte', () => expect([...encodeFrame('stdin', '')]).toEqual([0]));

  it('of nothing or of a later version is undefined', () => {
    expect(decodeFrame(new Uint8Array())).toBeUndefined();
    expect(decodeFrame(Uint8Array.of(7, 1))).toBeUndefined();
  });

  it('encodes text as UTF-8', () => expect([...encodeFrame('stdout', 'é')]).toEqual([1, 0xc3, 0xa9]));
});
