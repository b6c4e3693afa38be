import { chmod, chown, mkdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { dirname } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import type { Arrival } from './access/identity.ts';
import type { App } from './api/app.ts';
import type { serveStreams } from './api/streams/index.ts';
import type { Control } from './control.ts';

const listening = (server: Server, where: { path: string } | { host: string; port: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });

const addressOf = (arrival: Arrival, request: IncomingMessage | Http2ServerRequest): string =>
  arrival === 'socket' ? 'socket' : (request.socket.remoteAddress ?? 'unknown');

const create = (app: App, arrival: Arrival, streams: ReturnType<typeof serveStreams>): Server => {
  const server = createServer(
    getRequestListener((request, { incoming }) =>
      app.fetch(request, { arrival, address: addressOf(arrival, incoming) }),
    ),
  );
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

export interface Serving {
  close(): Promise<void>;
}

const closing = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** The unix socket first; TCP on loopback for the page, with a token. A port in use is said and does not stop the rest. */
export const serve = async (control: Control, app: App, streams: ReturnType<typeof serveStreams>): Promise<Serving> => {
  const servers = [create(app, 'socket', streams)];
  await openSocket(control, servers[0] as Server);
  const { listen } = control.config;
  if (listen !== 'off') {
    const tcp = create(app, 'tcp', streams);
    const at = listen.lastIndexOf(':');
    try {
      await listening(tcp, { host: listen.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(listen.slice(at + 1)) });
      servers.push(tcp);
    } catch (error) {
      control.log.warn({ listen, err: error }, 'the page is not served: its address is in use; set INNKEEPER_LISTEN');
    }
  }
  return { close: async () => void (await Promise.all(servers.map(closing))) };
};
