import type { ExecOptions } from '@innkeeper/driver-contract';
import type { HostProcess } from '@innkeeper/host';
import { type Frame, frameJson, InnkeeperError } from '@innkeeper/model';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { Control } from '../../control.ts';
import { fail, finish, onFrames, pump } from './frames.ts';
import { canDo, placedGuest } from './guest.ts';

const execRequest = z.strictObject({
  command: z
    .array(z.string().max(128 * 1024))
    .min(1)
    .max(1000),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional(),
  cwd: z.string().startsWith('/').max(4096).optional(),
  user: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/)
    .optional(),
  tty: z
    .object({
      cols: z.int().min(1).max(1000),
      rows: z.int().min(1).max(1000),
      optional: z.boolean().optional(),
    })
    .optional(),
});
const sizeRequest = z.object({ cols: z.int().min(1).max(1000), rows: z.int().min(1).max(1000) });
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL', 'SIGUSR1', 'SIGUSR2'] as const;
const signalRequest = z.object({ signal: z.enum(signals) });

type ExecStart = z.output<typeof execRequest>;

const startIn = async (control: Control, name: string, request: ExecStart): Promise<HostProcess> => {
  const { guest, driver, placed, report } = await placedGuest(control, name, 'exec');
  if (driver.exec === undefined) {
    throw new InnkeeperError('unsupported', `${name} runs on ${placed.driver}, which does not offer exec`, {
      hint: `inn console ${name}`,
    });
  }
  const { command, env, cwd, user, tty } = request;
  const withTerminal = tty !== undefined && (tty.optional !== true || canDo(report, 'exec.tty'));
  const options: ExecOptions = { command, env: env ?? {}, cwd, user, tty: withTerminal ? tty : undefined };
  return driver.exec(guest, options);
};

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

/** Runs one command for one client; who goes away takes the command along, also one that is only being started. */
const runExec = async (
  control: Control,
  name: string,
  socket: WebSocket,
  request: ExecStart,
  attach: (handle: (frame: Frame) => void) => void,
): Promise<void> => {
  const child = await startIn(control, name, request);
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

export const serveExec = (control: Control, name: string, socket: WebSocket): void => {
  const early: Frame[] = [];
  let handle: ((frame: Frame) => void) | undefined;
  let begun = false;
  onFrames(socket, (frame) => {
    if (handle !== undefined) return handle(frame);
    if (begun) return void early.push(frame);
    if (frame.channel !== 'start') throw new InnkeeperError('invalid', 'The first frame has to be a start frame');
    begun = true;
    const request = execRequest.parse(frameJson(frame));
    runExec(control, name, socket, request, (attached) => {
      for (const one of early.splice(0)) attached(one);
      handle = attached;
    }).catch((error: unknown) => fail(socket, error));
  });
};
