import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { InnkeeperError } from '@innkeeper/model';
import { WebSocketServer } from 'ws';
import type { Control } from '../../control.ts';
import { type Arrival, checkBrowser, demand, identify } from '../../identity.ts';
import { asProblem, retryAfterSeconds } from '../../problem.ts';
import { type Consoles, serveConsole } from './console.ts';
import { serveExec } from './exec.ts';
import { serveFiles } from './files.ts';
import { fail } from './frames.ts';
import { refuseScreen, serveScreen } from './screen.ts';

const target = /^\/v1\/workloads\/([^/?]+)\/(exec|files|console|vnc)(?:\?|$)/;

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

/** Exec, files and console over WebSocket, in the framing of model/frames; the screen as VNC. */
export const serveStreams = (control: Control): ((server: Server, arrival: Arrival) => void) => {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
  const consoles: Consoles = new Map();
  const accept = async (request: IncomingMessage, stream: Duplex, head: Buffer, arrival: Arrival): Promise<void> => {
    checkBrowser(arrival, request.headers.host, request.headers.origin);
    demand(await identify(control.inventory.db, arrival, authorizationOf(request)), 'operator');
    const match = target.exec(request.url ?? '');
    if (match === null) throw new InnkeeperError('not_found', 'There is no stream at this address');
    const name = decodeURIComponent(match[1] ?? '');
    sockets.handleUpgrade(request, stream, head, (socket) => {
      socket.on('error', () => undefined);
      if (match[2] === 'exec') serveExec(control, name, socket);
      else if (match[2] === 'files') serveFiles(control, name, socket);
      else if (match[2] === 'vnc')
        serveScreen(control, name, socket).catch((error: unknown) => refuseScreen(socket, error));
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
