import { decodeFrame, type ExitReport, encodeFrame, type Frame, InnkeeperError, invalidInput } from '@innkeeper/model';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { asProblem } from '../../problem.ts';

/** Above this the guest is made to wait for a slow reader. */
const highWater = 1024 * 1024;
const lookAgainMs = 20;

export const send = (
  socket: WebSocket,
  channel: Parameters<typeof encodeFrame>[0],
  payload: Uint8Array | object,
): void => {
  if (socket.readyState === socket.OPEN) socket.send(encodeFrame(channel, payload));
};

export const finish = (socket: WebSocket, report: ExitReport): void => {
  send(socket, 'exit', report);
  socket.close(1000);
};

export const fail = (socket: WebSocket, thrown: unknown): void => {
  const { code, detail: message, hint } = asProblem(thrown);
  finish(socket, { error: message, kind: code, ...(hint === undefined ? {} : { hint }) });
};

/** Passes on what comes from a guest, as fast as the reader takes it. */
export const passOn = (socket: WebSocket, from: NodeJS.ReadableStream, sendOn: (chunk: Buffer) => void): void => {
  from.on('data', (chunk: Buffer) => {
    sendOn(chunk);
    if (socket.bufferedAmount < highWater) return;
    from.pause();
    const timer = setInterval(() => {
      if (socket.bufferedAmount >= highWater && socket.readyState === socket.OPEN) return;
      clearInterval(timer);
      from.resume();
    }, lookAgainMs);
  });
};

export const pump = (socket: WebSocket, channel: 'stdout' | 'stderr', from: NodeJS.ReadableStream): void =>
  passOn(socket, from, (chunk) => send(socket, channel, chunk));

/** What is wrong with a frame of a client, by field. */
const refusalOf = (channel: string, thrown: unknown): unknown => {
  if (thrown instanceof SyntaxError) return new InnkeeperError('invalid', `The ${channel} frame is no JSON`);
  if (!(thrown instanceof z.ZodError)) return thrown;
  return invalidInput(
    thrown.issues.map(({ path, message }) => ({ path: path.map(String).join('.') || channel, message })),
  );
};

export const onFrames = (socket: WebSocket, handle: (frame: Frame) => void): void => {
  socket.on('message', (data: Buffer, isBinary) => {
    const frame = isBinary ? decodeFrame(data) : undefined;
    if (frame === undefined) return;
    try {
      handle(frame);
    } catch (error) {
      fail(socket, refusalOf(frame.channel, error));
    }
  });
};
