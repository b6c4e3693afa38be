import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { askApi, callApi, itemsOf } from './api.ts';

let directory = '';
let server: Server;
const socket = (): string => join(directory, 'api.sock');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ik-api-'));
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.statusCode = request.url === '/refused' ? 409 : 200;
      const body = {
        method: request.method,
        sent: Buffer.concat(chunks).toString(),
        detail: 'the guest is busy',
        hint: 'wait',
      };
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((listening) => void server.listen(socket(), listening));
});

afterEach(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

test('a body is sent as JSON and the answer is read as JSON', async () => {
  const answer = await callApi(socket(), { method: 'POST', path: '/v1/tokens', body: { name: 'admin' } });
  expect(answer).toMatchObject({ status: 200, body: { method: 'POST', sent: '{"name":"admin"}' } });
});

test('a refusal is told in the server’s words', async () => {
  await expect(askApi(socket(), { path: '/refused' })).rejects.toMatchObject({
    message: 'the guest is busy',
    hint: 'wait',
  });
});

test('nobody listening is one sentence with what to do', async () => {
  await expect(askApi(`${socket()}.none`, { path: '/' })).rejects.toMatchObject({
    code: 'unavailable',
    hint: expect.any(String),
  });
});

test('a collection is a list, or has one', () => {
  expect(itemsOf([{ a: 1 }])).toEqual([{ a: 1 }]);
  expect(itemsOf({ items: [{ a: 1 }] })).toEqual([{ a: 1 }]);
  expect(itemsOf(undefined)).toEqual([]);
});
