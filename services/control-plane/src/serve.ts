import { chmod, chown, mkdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Arrival } from './access/identity.ts';
import type { App } from './api/app.ts';
import type { serveStreams } from './api/streams/index.ts';
import type { Control } from './control.ts';
import { followPair, type Pair } from './tls.ts';

/** A client of a unix socket is refused, not kept waiting, when more than these come at once. The kernel's own limit is as large. */
const backlog = 4096;

const listening = (server: Server, where: { path: string } | { host: string; port: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });

/** As the proxy in front tells it, in the last part that it adds itself; the connection's own without one. */
const addressOf = (arrival: Arrival, { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>): string => {
  if (arrival === 'socket') return 'socket';
  const told =
    arrival === 'proxy'
      ? String(headers['x-forwarded-for'] ?? '')
          .split(',')
          .at(-1)
          ?.trim()
      : undefined;
  return told !== undefined && isIP(told) !== 0 ? told : (socket.remoteAddress ?? 'unknown');
};

type Streams = ReturnType<typeof serveStreams>;

const create = (app: App, arrival: Arrival, streams: Streams, pair?: Pair): Server => {
  const listener = getRequestListener((request, { incoming }) =>
    app.fetch(request, { arrival, address: addressOf(arrival, incoming as IncomingMessage) }),
  );
  const server = pair === undefined ? createServer(listener) : createSecureServer({ ...pair }, listener);
  // Server-sent events and long waits outlive Node's default of five minutes.
  server.requestTimeout = 0;
  streams(server, { arrival, address: (request) => addressOf(arrival, request) });
  return server;
};

const groupId = async (name: string): Promise<number | undefined> => {
  const groups = await readFile('/etc/group', 'utf8');
  const id = new RegExp(`^${name}:[^:]*:(\\d+):`, 'm').exec(groups)?.[1];
  return id === undefined ? undefined : Number(id);
};

/** Root and the group `innkeeper` may connect; nobody else can open the file. */
const openSocket = async (control: Control, server: Server): Promise<void> => {
  const { socket } = control.config.paths;
  await mkdir(dirname(socket), { recursive: true, mode: 0o755 });
  await rm(socket, { force: true });
  const before = process.umask(0o177);
  try {
    await listening(server, { path: socket });
  } finally {
    process.umask(before);
  }
  const group = await groupId('innkeeper');
  if (group !== undefined) await chown(socket, 0, group);
  await chmod(socket, 0o660);
};

interface Listening {
  readonly server: Server;
  readonly open: ReadonlySet<Duplex>;
}

export interface Serving {
  close(): Promise<void>;
}

/** Consoles and what else has become a stream: a server that closes would wait for them for ever. */
const streamsOf = (server: Server): ReadonlySet<Duplex> => {
  const open = new Set<Duplex>();
  server.on('upgrade', (_request, stream: Duplex) => {
    open.add(stream);
    stream.once('close', () => open.delete(stream));
  });
  return open;
};

const closing = ({ server, open }: Listening): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
    for (const stream of open) stream.destroy();
  });

/** TCP for the page, with a token. A port in use is said and does not stop the rest; what ends it, where it began. */
const openTcp = async (control: Control, app: App, streams: Streams, pair: Pair | undefined): Promise<Server[]> => {
  const { listen, transport } = control.config;
  if (listen === 'off') return [];
  const server = create(app, transport.kind, streams, pair);
  const at = listen.lastIndexOf(':');
  try {
    await listening(server, { host: listen.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(listen.slice(at + 1)) });
  } catch (error) {
    control.log.warn({ listen, err: error }, 'the page is not served: its address is in use; set INNKEEPER_LISTEN');
    return [];
  }
  if (transport.kind === 'tls') server.once('close', followPair(server as SecureServer, transport, control.log));
  return [server];
};

/** The unix socket first, then TCP; `pair` is the certificate where the settings name one. */
export const serve = async (control: Control, app: App, streams: Streams, pair: Pair | undefined): Promise<Serving> => {
  const local = create(app, 'socket', streams);
  await openSocket(control, local);
  const servers = [local, ...(await openTcp(control, app, streams, pair))].map((server) => ({
    server,
    open: streamsOf(server),
  }));
  return { close: async () => void (await Promise.all(servers.map(closing))) };
};
