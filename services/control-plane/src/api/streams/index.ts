import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { findProjectOf } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { type WebSocket, WebSocketServer } from 'ws';
import { allow } from '../../access/allow.ts';
import { identifyRequest, recordRefused } from '../../access/guard.ts';
import { type Arrival, type Identity, isStillKnown } from '../../access/identity.ts';
import { record, trailOf } from '../../access/trail.ts';
import type { Control } from '../../control.ts';
import { asProblem, retryAfterSeconds } from '../../problem.ts';
import { type Consoles, serveConsole } from './console.ts';
import { serveExec } from './exec.ts';
import { serveFiles } from './files.ts';
import { fail } from './frames.ts';
import { followerOf, handOver, isHandedOver } from './hand-over.ts';
import type { Note } from './process.ts';
import { refuseScreen, serveScreen } from './screen.ts';

/** How soon a stream ends whose token does. */
const lookAgainMs = 15_000;

const target = /^\/v1\/workloads\/([^/?]+)\/(exec|files|console|vnc)(?:\?|$)/;

const decodedName = (text: string): string => {
  try {
    const name = decodeURIComponent(text);
    if (!name.includes('\0')) return name;
    throw new URIError('a name has no such character');
  } catch {
    throw new InnkeeperError('invalid', 'The name in the address is not encoded as addresses are');
  }
};

const refuse = (stream: Duplex, thrown: unknown): void => {
  const problem = asProblem(thrown);
  const body = JSON.stringify(problem);
  const again = problem.status === 503 ? `retry-after: ${retryAfterSeconds}\r\n` : '';
  stream.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\ncontent-type: application/problem+json\r\n${again}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};

/** Browsers cannot set headers on a WebSocket: the token may come as a subprotocol `bearer.TOKEN` instead. */
const authorizationOf = (request: IncomingMessage): string | undefined => {
  const offered = request.headers['sec-websocket-protocol']
    ?.split(',')
    .map((one) => one.trim().replace(/^bearer\./, ''));
  return request.headers.authorization ?? (offered === undefined ? undefined : `Bearer ${offered[0] ?? ''}`);
};

interface Coming {
  readonly arrival: Arrival;
  /** Of the client, as a proxy tells it where one is trusted. */
  address(request: IncomingMessage): string;
}

const kindOf = (text: string | undefined) => (text ?? '') as 'exec' | 'files' | 'console' | 'vnc';

/** Who asks for which stream of which workload. Throws what is to be answered instead of a stream. */
const admit = async (control: Control, request: IncomingMessage, { arrival, address }: Coming) => {
  const from = address(request);
  const { host, origin } = request.headers;
  const authorization = authorizationOf(request);
  const identity = await identifyRequest(control, { arrival, address: from, host, origin, authorization });
  const match = target.exec(request.url ?? '');
  if (match === null) throw new InnkeeperError('not_found', 'There is no stream at this address');
  const name = decodedName(match[1] ?? '');
  const kind = kindOf(match[2]);
  const trail = trailOf(identity, { address: from, method: kind, path: match[0].replace(/\?$/, '') });
  const asked = { route: `STREAM /v1/workloads/{name}/${kind}`, target: name, body: async () => undefined };
  await allow(control.inventory.db, identity, asked).catch(async (error: unknown) => {
    await recordRefused(control, trail, { kind: 'workload', target: name }, error);
    throw error;
  });
  return { identity, name, kind, trail };
};

/** Ends a stream of somebody whose token is revoked or over. */
const endWithToken = (control: Control, identity: Identity, socket: WebSocket): void => {
  if (identity.tokenId === undefined) return;
  const timer = setInterval(() => {
    isStillKnown(control.inventory.db, identity).then(
      (known) => known || socket.close(1008, 'the token is good no longer'),
      // A database that does not answer says nothing about tokens.
      () => undefined,
    );
  }, lookAgainMs);
  socket.on('close', () => clearInterval(timer));
};

/** Exec, files and console over WebSocket, in the framing of model/frames; the screen as VNC. */
export const serveStreams = (control: Control): ((server: Server, coming: Coming) => void) => {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
  const consoles: Consoles = new Map();
  const accept = async (request: IncomingMessage, stream: Duplex, head: Buffer, coming: Coming): Promise<void> => {
    const { identity, name, kind, trail } = await admit(control, request, coming);
    const note: Note = async (after) => {
      const project = (await findProjectOf(control.inventory.db, name)) ?? null;
      await record(control.inventory.db, trail, { resource: { kind: 'workload', name }, project, after });
    };
    const handed = coming.arrival === 'socket' && isHandedOver(request);
    if (!handed && (kind === 'console' || kind === 'vnc')) await note(undefined);
    const follower = kind === 'console' && !handed ? await followerOf(control, name) : undefined;
    if (follower !== undefined) return handOver(request, stream, head, follower);
    sockets.handleUpgrade(request, stream, head, (socket) => {
      socket.on('error', () => undefined);
      endWithToken(control, identity, socket);
      if (kind === 'exec') serveExec(control, name, socket, note);
      else if (kind === 'files') serveFiles(control, name, socket, note);
      else if (kind === 'vnc')
        serveScreen(control, name, socket).catch((error: unknown) => refuseScreen(socket, error));
      else serveConsole(control, consoles, name, socket).catch((error: unknown) => fail(socket, error));
    });
  };
  return (server, coming) => {
    server.on('upgrade', (request, stream: Duplex, head) => {
      stream.on('error', () => undefined);
      accept(request, stream, head, coming).catch((error: unknown) => refuse(stream, error));
    });
  };
};
