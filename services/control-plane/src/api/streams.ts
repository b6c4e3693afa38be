import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { findWorkload } from '@innkeeper/inventory';
import {
  decodeFrame,
  type ExecRequest,
  type ExitReport,
  encodeFrame,
  type Frame,
  frameJson,
  InnkeeperError,
  toInnkeeperError,
  whyNot,
} from '@innkeeper/model';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { type Control, driverOf } from '../control.ts';
import { type Arrival, checkBrowser, demand, identify } from '../identity.ts';
import { asProblem } from '../problem.ts';
import { workloadViews } from '../views.ts';

const execRequest = z.strictObject({
  command: z
    .array(z.string().max(128 * 1024))
    .min(1)
    .max(1000),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional(),
  cwd: z.string().startsWith('/').max(4096).optional(),
  tty: z.object({ cols: z.int().min(1).max(1000), rows: z.int().min(1).max(1000) }).optional(),
});
const sizeRequest = z.object({ cols: z.int().min(1).max(1000), rows: z.int().min(1).max(1000) });
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL', 'SIGUSR1', 'SIGUSR2'] as const;
const signalRequest = z.object({ signal: z.enum(signals) });

/** Above this the guest is made to wait for a slow reader. */
const highWater = 1024 * 1024;

const send = (socket: WebSocket, channel: Parameters<typeof encodeFrame>[0], payload: Uint8Array | object): void => {
  if (socket.readyState === socket.OPEN) socket.send(encodeFrame(channel, payload));
};

const finish = (socket: WebSocket, report: ExitReport): void => {
  send(socket, 'exit', report);
  socket.close(1000);
};

const fail = (socket: WebSocket, thrown: unknown): void => {
  const { message, hint } = toInnkeeperError(thrown);
  finish(socket, { error: message, ...(hint === undefined ? {} : { hint }) });
};

/** Passes a guest's output on, as fast as the reader takes it. */
const pump = (socket: WebSocket, channel: 'stdout' | 'stderr', from: NodeJS.ReadableStream): void => {
  from.on('data', (chunk: Buffer) => {
    send(socket, channel, chunk);
    if (socket.bufferedAmount < highWater) return;
    from.pause();
    const timer = setInterval(() => {
      if (socket.bufferedAmount >= highWater && socket.readyState === socket.OPEN) return;
      clearInterval(timer);
      from.resume();
    }, 20);
  });
};

const onFrames = (socket: WebSocket, handle: (frame: Frame) => void): void => {
  socket.on('message', (data: Buffer, isBinary) => {
    const frame = isBinary ? decodeFrame(data) : undefined;
    if (frame === undefined) return;
    try {
      handle(frame);
    } catch (error) {
      fail(
        socket,
        error instanceof z.ZodError || error instanceof SyntaxError
          ? new InnkeeperError('invalid', `The ${frame.channel} frame is not valid`)
          : error,
      );
    }
  });
};

const placedGuest = async (control: Control, name: string, action: 'exec' | 'console') => {
  const row = await findWorkload(control.inventory.db, name);
  if (row === undefined)
    throw new InnkeeperError('not_found', `There is no workload ${name}`, { hint: 'inn ls shows what there is' });
  const [view] = await workloadViews(control, { stats: false, names: [name] });
  const reason = view === undefined ? undefined : whyNot(action, view.state);
  if (reason !== undefined) throw new InnkeeperError('conflict', `${name}: ${reason}`);
  if (row.placed === null) throw new InnkeeperError('conflict', `${name} has no guest`);
  return {
    guest: { uuid: row.id, name },
    driver: driverOf(control, row.placed.host, row.placed.driver),
    placed: row.placed,
  };
};

const runExec = async (
  control: Control,
  name: string,
  socket: WebSocket,
  request: ExecRequest,
  frames: Frame[],
  attach: (handle: (frame: Frame) => void) => void,
) => {
  const { guest, driver, placed } = await placedGuest(control, name, 'exec');
  if (driver.exec === undefined) {
    throw new InnkeeperError('unsupported', `${name} runs on ${placed.driver}, which does not offer exec`, {
      hint: `inn console ${name}`,
    });
  }
  const child = await driver.exec(guest, {
    command: request.command,
    env: request.env ?? {},
    cwd: request.cwd,
    tty: request.tty,
  });
  pump(socket, 'stdout', child.stdout);
  pump(socket, 'stderr', child.stderr);
  const handle = (frame: Frame): void => {
    if (frame.channel === 'stdin') {
      if (frame.payload.length === 0) child.stdin.end();
      else child.stdin.write(frame.payload);
    } else if (frame.channel === 'resize') child.resize(sizeRequest.parse(frameJson(frame)));
    else if (frame.channel === 'signal') child.kill(signalRequest.parse(frameJson(frame)).signal);
  };
  for (const frame of frames.splice(0)) handle(frame);
  attach(handle);
  socket.on('close', () => child.kill('SIGKILL'));
  const ended = Promise.all(
    [child.stdout, child.stderr].map((stream) =>
      stream.readableEnded
        ? undefined
        : new Promise((resolve) => void stream.once('end', resolve).once('close', resolve)),
    ),
  );
  const { code, signal } = await child.exit;
  await ended;
  finish(socket, code === undefined ? { signal: signal ?? 'SIGKILL' } : { code });
};

const serveExec = (control: Control, name: string, socket: WebSocket): void => {
  const early: Frame[] = [];
  let handle: ((frame: Frame) => void) | undefined;
  let begun = false;
  onFrames(socket, (frame) => {
    if (handle !== undefined) return handle(frame);
    if (begun) return void early.push(frame);
    if (frame.channel !== 'start') throw new InnkeeperError('invalid', 'The first frame has to be a start frame');
    begun = true;
    const { command, env, cwd, tty } = execRequest.parse(frameJson(frame));
    const request: ExecRequest = {
      command,
      ...(env === undefined ? {} : { env }),
      ...(cwd === undefined ? {} : { cwd }),
      ...(tty === undefined ? {} : { tty }),
    };
    runExec(control, name, socket, request, early, (attached) => {
      handle = attached;
    }).catch((error: unknown) => fail(socket, error));
  });
};

interface Console {
  readonly live: Duplex;
  readonly viewers: Set<WebSocket>;
  history: Buffer;
}

const historyBytes = 64 * 1024;

/** One reader per guest and many viewers: two readers of one terminal would each get half of the text. */
const openConsole = async (
  control: Control,
  consoles: Map<string, Console>,
  name: string,
): Promise<{ shared: Console | undefined; history: Uint8Array }> => {
  const { guest, driver, placed } = await placedGuest(control, name, 'console');
  const known = consoles.get(guest.uuid);
  if (known !== undefined) return { shared: known, history: known.history };
  if (driver.console === undefined) throw new InnkeeperError('unsupported', `${placed.driver} offers no console`);
  const { history, live } = await driver.console(guest);
  if (live === undefined) return { shared: undefined, history };
  const shared: Console = { live, viewers: new Set(), history: Buffer.from(history) };
  consoles.set(guest.uuid, shared);
  live.on('data', (chunk: Buffer) => {
    shared.history = Buffer.concat([shared.history, chunk]).subarray(-historyBytes);
    for (const viewer of shared.viewers) send(viewer, 'stdout', chunk);
  });
  live.on('error', () => undefined);
  live.once('close', () => {
    consoles.delete(guest.uuid);
    for (const viewer of shared.viewers) finish(viewer, { code: 0 });
  });
  return { shared, history };
};

const serveConsole = async (
  control: Control,
  consoles: Map<string, Console>,
  name: string,
  socket: WebSocket,
): Promise<void> => {
  const { shared, history } = await openConsole(control, consoles, name);
  send(socket, 'stdout', history);
  if (shared === undefined) return finish(socket, { code: 0 });
  shared.viewers.add(socket);
  onFrames(socket, (frame) => {
    if (frame.channel === 'stdin') shared.live.write(frame.payload);
  });
  socket.on('close', () => {
    shared.viewers.delete(socket);
    if (shared.viewers.size === 0) shared.live.destroy();
  });
};

const target = /^\/v1\/workloads\/([^/?]+)\/(exec|console)(?:\?|$)/;

const refuse = (stream: Duplex, thrown: unknown): void => {
  const problem = asProblem(thrown);
  const body = JSON.stringify(problem);
  stream.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};

/** Browsers cannot set headers on a WebSocket: the token may come as a subprotocol `bearer.TOKEN` instead. */
const authorizationOf = (request: IncomingMessage): string | undefined => {
  const offered = request.headers['sec-websocket-protocol']
    ?.split(',')
    .map((one) => one.trim().replace(/^bearer\./, ''));
  return request.headers.authorization ?? (offered === undefined ? undefined : `Bearer ${offered[0] ?? ''}`);
};

/** Exec and console over WebSocket, in the framing of model/frames. */
export const serveStreams = (control: Control): ((server: Server, arrival: Arrival) => void) => {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
  const consoles = new Map<string, Console>();
  const accept = async (request: IncomingMessage, stream: Duplex, head: Buffer, arrival: Arrival): Promise<void> => {
    checkBrowser(arrival, request.headers.host, request.headers.origin);
    demand(await identify(control.inventory.db, arrival, authorizationOf(request)), 'operator');
    const match = target.exec(request.url ?? '');
    if (match === null) throw new InnkeeperError('not_found', 'There is no stream at this address');
    const name = decodeURIComponent(match[1] ?? '');
    sockets.handleUpgrade(request, stream, head, (socket) => {
      socket.on('error', () => undefined);
      if (match[2] === 'exec') serveExec(control, name, socket);
      else serveConsole(control, consoles, name, socket).catch((error: unknown) => fail(socket, error));
    });
  };
  return (server, arrival) => {
    server.on('upgrade', (request, stream: Duplex, head) => {
      stream.on('error', () => undefined);
      accept(request, stream, head, arrival).catch((error: unknown) => refuse(stream, error));
    });
  };
};
