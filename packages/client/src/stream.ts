import { connect as connectSocket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  decodeFrame,
  type ExecRequest,
  type ExitReport,
  encodeFrame,
  type FileRequest,
  frameJson,
  InnkeeperError,
  type Problem,
} from '@innkeeper/model';
import { WebSocket } from 'ws';
import { connectionOf, down, errorOf, type Target } from './transport.ts';

const highWater = 1024 * 1024;
const drainMs = 5;
/** Innkeeper takes at most a mebibyte at once, and whoever reads files may have waited and come with much. */
const largestPiece = 256 * 1024;

/** One running exec or console. */
export interface GuestStream {
  /** Ends when the guest's side has ended. */
  readonly exit: Promise<ExitReport>;
  write(bytes: Uint8Array): void;
  /** Resolves when what was written is on its way: who sends much waits for it. */
  drained(): Promise<void>;
  /** Makes the guest wait until `resume`: who reads slowly asks for it. */
  pause(): void;
  resume(): void;
  /** End of standard input. */
  end(): void;
  resize(cols: number, rows: number): void;
  signal(name: string): void;
  close(): void;
}

export interface Outputs {
  readonly stdout: (bytes: Uint8Array) => void;
  readonly stderr: (bytes: Uint8Array) => void;
}

const refusalOf = async (response: AsyncIterable<Buffer>): Promise<InnkeeperError> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  try {
    return errorOf(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Problem);
  } catch {
    return new InnkeeperError('internal', 'The stream was refused');
  }
};

const connectTo = (target: Target, path: string): WebSocket => {
  const { socketPath, base, headers, ca } = connectionOf(target);
  return new WebSocket(`${base.replace(/^http/, 'ws')}${path}`, {
    headers,
    perMessageDeflate: false,
    ...(ca === undefined ? {} : { ca }),
    ...(socketPath === undefined ? {} : { createConnection: () => connectSocket(socketPath) }),
  });
};

const opened = async (socket: WebSocket): Promise<void> => {
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('unexpected-response', (_request, response) => void refusalOf(response).then(reject));
    socket.once('error', (cause) => reject(down(cause)));
  });
  socket.on('error', () => undefined);
};

const openStream = async (
  target: Target,
  path: string,
  outputs: Outputs,
  first: object | undefined,
): Promise<GuestStream> => {
  const socket = connectTo(target, path);
  const exit = new Promise<ExitReport>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const frame = decodeFrame(data);
      if (frame?.channel === 'stdout') outputs.stdout(frame.payload);
      else if (frame?.channel === 'stderr') outputs.stderr(frame.payload);
      else if (frame?.channel === 'exit') {
        resolve(frameJson(frame) as ExitReport);
        // It is the last frame: the goodbyes of WebSocket would only be waited for.
        socket.terminate();
      }
    });
    socket.once('close', () => resolve({ error: 'the connection to Innkeeper was lost' }));
  });
  await opened(socket);
  const send = (channel: Parameters<typeof encodeFrame>[0], payload: Uint8Array | object): void =>
    socket.send(encodeFrame(channel, payload));
  if (first !== undefined) send('start', first);
  return {
    exit,
    write: (bytes) => {
      for (let at = 0; at < bytes.length; at += largestPiece) send('stdin', bytes.subarray(at, at + largestPiece));
    },
    drained: async () => {
      while (socket.bufferedAmount > highWater && socket.readyState === socket.OPEN) await delay(drainMs);
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => send('stdin', new Uint8Array()),
    resize: (cols, rows) => send('resize', { cols, rows }),
    signal: (name) => send('signal', { signal: name }),
    close: () => socket.close(),
  };
};

export const exec = (target: Target, name: string, request: ExecRequest, outputs: Outputs): Promise<GuestStream> =>
  openStream(target, `/v1/workloads/${encodeURIComponent(name)}/exec`, outputs, request);

/** Something done with the files of a guest, whether or not it runs where its driver can do that. */
export const openFiles = (target: Target, name: string, request: FileRequest, outputs: Outputs): Promise<GuestStream> =>
  openStream(target, `/v1/workloads/${encodeURIComponent(name)}/files`, outputs, request);

/**
 * The screen of a virtual machine as bytes of VNC. `received` is given what the machine sends; resolves when it is
 * connected. Closed with the reason when there is none.
 */
export const openScreen = async (
  target: Target,
  name: string,
  received: (bytes: Uint8Array) => void,
): Promise<{ write(bytes: Uint8Array): void; close(): void; readonly closed: Promise<string> }> => {
  const socket = connectTo(target, `/v1/workloads/${encodeURIComponent(name)}/vnc`);
  socket.on('message', (data: Buffer) => received(data));
  const closed = new Promise<string>((resolve) => {
    socket.once('close', (_code, reason) => resolve(reason.toString('utf8')));
  });
  await opened(socket);
  return { write: (bytes) => socket.send(bytes), close: () => socket.close(), closed };
};

export const openConsole = (target: Target, name: string, outputs: Outputs): Promise<GuestStream> =>
  openStream(target, `/v1/workloads/${encodeURIComponent(name)}/console`, outputs, undefined);
