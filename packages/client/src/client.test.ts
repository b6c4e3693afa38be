import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeFrame, encodeFrame } from '@innkeeper/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { createClient } from './client.ts';
import { exec } from './stream.ts';

let folder = '';
let server: Server;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ik-client-'));
});

afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const listen = (socket: string): Promise<void> => new Promise((resolve) => void server.listen(socket, resolve));

test('a request never meets a connection that the server has just closed', async () => {
  const used = new WeakSet<object>();
  server = createServer(({ socket }, response) => {
    // What an idle timeout does: the request is on its way while the server closes.
    if (used.has(socket)) return void socket.destroy();
    used.add(socket);
    response.setHeader('content-type', 'application/json').end('{"items":[]}');
  });
  await listen(`${folder}/api.sock`);
  const client = createClient({ socket: `${folder}/api.sock` });
  for (let turn = 0; turn < 3; turn += 1) expect(await client.workloads()).toEqual([]);
});

test('a command has ended with its exit frame, whether or not the connection is closed after it', async () => {
  server = createServer();
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', () => {
      socket.send(encodeFrame('stdout', Buffer.from('said')));
      socket.send(encodeFrame('exit', { code: 7 }));
    });
  });
  await listen(`${folder}/api.sock`);
  const said: Uint8Array[] = [];
  const stream = await exec(
    { socket: `${folder}/api.sock` },
    'web',
    { command: ['true'] },
    { stdout: (bytes) => void said.push(bytes), stderr: () => undefined },
  );
  expect(await stream.exit).toEqual({ code: 7 });
  expect(Buffer.concat(said).toString()).toBe('said');
});

test('a connection that ends without an exit frame was lost', async () => {
  server = createServer();
  new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', () => socket.terminate()));
  await listen(`${folder}/api.sock`);
  const stream = await exec(
    { socket: `${folder}/api.sock` },
    'web',
    { command: ['true'] },
    { stdout: () => undefined, stderr: () => undefined },
  );
  expect(await stream.exit).toEqual({ error: 'the connection to Innkeeper was lost' });
});

test('much input goes in pieces that Innkeeper takes', async () => {
  server = createServer();
  let heard = 0;
  new WebSocketServer({ server, maxPayload: 1024 * 1024 }).on('connection', (socket) => {
    socket.on('message', (frame: Buffer) => {
      if (decodeFrame(frame)?.channel !== 'stdin') return;
      heard += frame.length - 1;
      if (frame.length === 1) socket.send(encodeFrame('exit', { code: 0 }));
    });
  });
  await listen(`${folder}/api.sock`);
  const stream = await exec(
    { socket: `${folder}/api.sock` },
    'web',
    { command: ['true'] },
    { stdout: () => undefined, stderr: () => undefined },
  );
  stream.write(new Uint8Array(5_000_000));
  stream.end();
  expect(await stream.exit).toEqual({ code: 0 });
  expect(heard).toBe(5_000_000);
});
