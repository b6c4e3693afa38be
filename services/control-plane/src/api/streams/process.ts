import type { HostProcess } from '@innkeeper/host';
import { type Frame, frameJson, InnkeeperError } from '@innkeeper/model';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { fail, finish, onFrames, pump } from './frames.ts';

const sizeRequest = z.object({ cols: z.int().min(1).max(1000), rows: z.int().min(1).max(1000) });
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL', 'SIGUSR1', 'SIGUSR2'] as const;
const signalRequest = z.object({ signal: z.enum(signals) });

/** A program that reads slower than somebody sends makes the sender wait: nothing piles up here. */
const writeTo = (child: HostProcess, socket: WebSocket, bytes: Uint8Array): void => {
  if (child.stdin.write(bytes) || socket.isPaused) return;
  socket.pause();
  const goOn = (): void => socket.resume();
  child.stdin.once('drain', goOn).once('close', goOn);
};

const handlerOf =
  (child: HostProcess, socket: WebSocket) =>
  (frame: Frame): void => {
    if (frame.channel === 'stdin') {
      if (frame.payload.length === 0) child.stdin.end();
      else writeTo(child, socket, frame.payload);
    } else if (frame.channel === 'resize') child.resize(sizeRequest.parse(frameJson(frame)));
    else if (frame.channel === 'signal') child.kill(signalRequest.parse(frameJson(frame)).signal);
  };

const ended = (stream: NodeJS.ReadableStream & { readonly readableEnded?: boolean }): Promise<unknown> =>
  stream.readableEnded === true
    ? Promise.resolve()
    : new Promise((resolve) => void stream.once('end', resolve).once('close', resolve));

/** Writes into the audit log what a stream was opened for. */
export type Note = (after: unknown) => Promise<void>;

/** Runs one command for one client; who goes away takes the command along, also one that is only being started. */
const runProcess = async (
  socket: WebSocket,
  start: () => Promise<HostProcess>,
  attach: (handle: (frame: Frame) => void) => void,
): Promise<void> => {
  const child = await start();
  socket.on('close', () => child.kill('SIGKILL'));
  if (socket.readyState !== socket.OPEN) child.kill('SIGKILL');
  pump(socket, 'stdout', child.stdout);
  pump(socket, 'stderr', child.stderr);
  attach(handlerOf(child, socket));
  const outputs = Promise.all([child.stdout, child.stderr].map(ended));
  const { code, signal } = await child.exit;
  await outputs;
  finish(socket, code === undefined ? { signal: signal ?? 'SIGKILL' } : { code });
};

/**
 * A program for one client, that the first frame describes. `read` answers what starts it, and throws for a description
 * that is not valid.
 */
export const serveProcess = (socket: WebSocket, read: (description: unknown) => () => Promise<HostProcess>): void => {
  const early: Frame[] = [];
  let handle: ((frame: Frame) => void) | undefined;
  let begun = false;
  onFrames(socket, (frame) => {
    if (handle !== undefined) return handle(frame);
    if (begun) return void early.push(frame);
    if (frame.channel !== 'start') throw new InnkeeperError('invalid', 'The first frame has to be a start frame');
    const start = read(frameJson(frame));
    begun = true;
    runProcess(socket, start, (attached) => {
      for (const one of early.splice(0)) attached(one);
      handle = attached;
    }).catch((error: unknown) => fail(socket, error));
  });
};
