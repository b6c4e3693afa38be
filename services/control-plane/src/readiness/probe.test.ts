import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { Driver } from '@innkeeper/driver-contract';
import { localHost } from '@innkeeper/host';
import { afterEach, expect, it } from 'vitest';
import { probe } from './probe.ts';

const servers: Server[] = [];

const listen = async (answer: (socket: Socket) => void): Promise<number> => {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Stands for a driver: programs say this and exit with that. */
const fakeDriver = (said: string, code: number): Driver =>
  ({
    exec: async () => {
      const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
      stdout.end(said);
      return { stdin, stdout, stderr, kill: () => undefined, exit: once(stdout, 'end').then(() => ({ code })) };
    },
    info: () => ({ id: 'fake' }),
  }) as unknown as Driver;

const probed = (addresses: readonly string[] = ['127.0.0.1'], driver = fakeDriver('', 0)) => ({
  host: localHost('test'),
  driver,
  guest: { uuid: '00000000-0000-4000-8000-000000000000', name: 'test-probed' },
  addresses,
});

const answering = (lines: string): Promise<number> => listen((socket) => socket.once('data', () => socket.end(lines)));

it('a port that accepts is ready, one that refuses and a guest without an address are not', async () => {
  const port = await listen((socket) => socket.end());
  expect(await probe({ tcp: port }, probed())).toBeUndefined();
  expect(await probe({ tcp: 1 }, probed())).toBe('127.0.0.1:1 refuses connections');
  expect(await probe({ tcp: port }, probed([]))).toBe('has no address yet');
});

it.each([
  ['HTTP/1.1 204 No Content\r\n\r\n', undefined, undefined],
  ['HTTP/1.1 302 Found\r\n\r\n', undefined, undefined],
  ['HTTP/1.1 503 Not yet\r\n\r\n', undefined, 'answers 503, not below 400'],
  ['HTTP/1.1 401 Who\r\n\r\n', 401, undefined],
  ['HTTP/1.1 200 OK\r\n\r\n', 401, 'answers 200, not 401'],
  ['SSH-2.0-x\r\n', undefined, 'does not speak HTTP'],
  ['', undefined, 'does not speak HTTP'],
] as const)('an answer %j where %s is wanted: %s', async (lines, status, said) => {
  const http = { port: await answering(lines), path: '/health', ...(status === undefined ? {} : { status }) };
  const answer = await probe({ http }, probed());
  if (said === undefined) expect(answer).toBeUndefined();
  else expect(answer).toContain(said);
});

it('a path cannot add a line to the request', async () => {
  let asked = '';
  const port = await listen((socket) =>
    socket.once('data', (chunk) => {
      asked = chunk.toString();
      socket.end('HTTP/1.1 200 OK\r\n\r\n');
    }),
  );
  await probe({ http: { port, path: '/a b\r\nX: 1' } }, probed());
  expect(asked.split('\r\n')[0]).toBe('GET /a%20b%0D%0AX:%201 HTTP/1.1');
});

it('a command is ready by its exit code, and says its last line otherwise', async () => {
  expect(await probe({ command: ['check'] }, probed([], fakeDriver('fine', 0)))).toBeUndefined();
  expect(await probe({ command: ['check'] }, probed([], fakeDriver('one\ntwo\n', 3)))).toBe('check exits with 3: two');
  expect(await probe({ systemd: true }, probed([], fakeDriver('starting\n', 1)))).toBe('systemd says starting');
});
