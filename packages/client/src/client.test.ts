import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClient } from './client.ts';

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
