import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type HostProcess, localHost } from '@innkeeper/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeShellFrame } from './frames.ts';
import { outputWindow } from './output.ts';
import { openShells, type Shells } from './shells.ts';
import type { ShellProgram } from './start.ts';

const host = localHost('test');
const program = fileURLToPath(new URL('../perl/guest-shell.pl', import.meta.url));

let folder = '';
let server: Server;
let socket: Socket;
let shells: Shells;

/** The program that images have, on this machine: a unix socket stands for the port. */
const begin = async (): Promise<HostProcess> => {
  const coming = once(server, 'connection');
  const guest = host.spawn(['perl', program, join(folder, 'port')]);
  guest.stderr.pipe(process.stderr);
  [socket] = (await coming) as [Socket];
  shells = await openShells(socket, { name: 'web' });
  return guest;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innkeeper-test-shell-'));
  server = createServer().listen(join(folder, 'port'));
  await once(server, 'listening');
  await begin();
});

afterAll(async () => {
  shells.close();
  server.close();
  await rm(folder, { recursive: true });
});

const start = (command: readonly string[], parts: Partial<ShellProgram> = {}): HostProcess =>
  shells.spawn({ command, env: {}, cwd: undefined, tty: undefined, ...parts });

const all = async (stream: NodeJS.ReadableStream): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
};

const run = async (command: readonly string[], parts: Partial<ShellProgram> = {}, input: string | Buffer = '') => {
  const running = start(command, parts);
  running.stdin.end(input);
  const [out, err, exit] = await Promise.all([all(running.stdout), all(running.stderr), running.exit]);
  return { out, err, code: exit.code };
};

const runs = async (pid: number): Promise<boolean> => (await host.files.facts(`/proc/${pid}`)) !== undefined;

const untilGone = async (pid: number): Promise<void> => {
  while (await runs(pid)) await delay(20);
};

/** Hears lines from now on, one after the other. */
const linesOf = ({ stdout }: HostProcess): (() => Promise<string>) => {
  let said = '';
  stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1');
  });
  return async () => {
    while (!said.includes('\n')) await once(stdout, 'data');
    const [line = ''] = said.split(/\r?\n/);
    said = said.slice(said.indexOf('\n') + 1);
    return line;
  };
};

describe('the program inside a machine', () => {
  it('runs programs, with what they print, complain and end with', async () => {
    expect(await run(['sh', '-c', 'echo said; echo no >&2; exit 7'])).toEqual({ out: 'said\n', err: 'no\n', code: 7 });
    expect((await run(['sh', '-c', 'kill -TERM $$'])).code).toBe(143);
    expect(await run(['there-is-no-such-program'])).toMatchObject({ code: 127, out: '' });
  });

  it('passes every byte through, both ways', async () => {
    const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, at) => (at * at + (at >> 8)) & 0xff));
    expect((await run(['cat'], {}, bytes)).out).toBe(bytes.toString('latin1'));
    const special = Buffer.from('\x7e\x7d\x5e\x5d'.repeat(100_000), 'latin1');
    expect((await run(['cat'], {}, special)).out).toBe(special.toString('latin1'));
  });

  it('gives a program its user, directory and variables, and nothing else of its own', async () => {
    const script = 'pwd; id -un; echo "$HOME $A"; env | wc -l';
    const { out } = await run(['sh', '-c', script], { user: 'www-data', cwd: '/etc', env: { A: 'b "c"; $d' } });
    expect(out.split('\n').slice(0, 3)).toEqual(['/etc', 'www-data', '/var/www b "c"; $d']);
    expect((await run(['id'], { user: 'nobody-of-that-name' })).err).toContain('has no user nobody-of-that-name');
    expect((await run(['true'], { cwd: '/there/is/none' })).code).toBe(126);
  });

  it('gives a program a terminal of the size that was asked for, and another size later', async () => {
    const tty = { cols: 81, rows: 25 };
    const running = start(['sh', '-c', 'trap "stty size; exit 3" WINCH; stty size; while :; do sleep 0.05; done'], {
      tty,
    });
    const line = linesOf(running);
    expect(await line()).toBe('25 81');
    running.resize({ cols: 100, rows: 40 });
    expect(await line()).toBe('40 100');
    expect((await running.exit).code).toBe(3);
    expect((await run(['sh', '-c', 'test -t 0 && test -t 1 && test -t 2 && tty'], { tty })).out).toMatch(
      /^\/dev\/pts\//,
    );
  });

  it('reads a terminal to its end, whoever else has it', async () => {
    const tty = { cols: 80, rows: 24 };
    const { out } = await run(['sh', '-c', 'seq 1 20000; sleep 60 & echo last'], { tty });
    expect(out.endsWith('20000\r\nlast\r\n')).toBe(true);
  });

  it('sends keys of a terminal to what runs in its foreground, and signals as well', async () => {
    const tty = { cols: 80, rows: 24 };
    const typed = start(['sh', '-c', 'trap "exit 5" INT; echo ready; while :; do sleep 0.05; done'], { tty });
    expect(await linesOf(typed)()).toBe('ready');
    typed.stdin.write('\x03');
    expect((await typed.exit).code).toBe(5);
    const told = start(['sh', '-c', 'trap "exit 6" USR1; echo ready; while :; do sleep 0.05; done']);
    await linesOf(told)();
    told.kill('SIGUSR1');
    expect((await told.exit).code).toBe(6);
  });

  it('keeps what nobody reads where it is, while others go on', async () => {
    const unread = start(['cat', '/dev/zero']);
    unread.stdout.pause();
    const counted = await run(['sh', '-c', 'head -c 10000000 /dev/zero']);
    expect(counted.out.length).toBe(10_000_000);
    expect(unread.stdout.readableLength).toBeLessThanOrEqual(outputWindow);
    unread.kill('SIGTERM');
    unread.stdout.resume();
    expect((await unread.exit).code).toBe(143);
  });

  it('lets many programs run side by side', async () => {
    const many = Array.from({ length: 40 }, (_, at) => run(['sh', '-c', `cat; exit ${at}`], {}, `${at}`.repeat(1000)));
    for (const [at, { out, code }] of (await Promise.all(many)).entries())
      expect({ out, code }).toEqual({ out: `${at}`.repeat(1000), code: at });
  });

  it('kills a program that nobody wants any more', async () => {
    const running = start(['sh', '-c', 'trap "" TERM HUP; echo $$; while :; do sleep 1; done']);
    const pid = Number(await linesOf(running)());
    expect(await runs(pid)).toBe(true);
    running.kill('SIGKILL');
    await untilGone(pid);
    expect(await running.exit).toEqual({ code: undefined, signal: 'SIGKILL' });
  });

  it('ends all of a connection when another begins, also one that began in the middle of a frame', async () => {
    const running = start(['sh', '-c', 'trap "" TERM HUP; echo $$; while :; do sleep 1; done']);
    const pid = Number(await linesOf(running)());
    socket.write(encodeShellFrame('I', 1, Buffer.from('half of it')).subarray(0, 12));
    socket.removeAllListeners('data').removeAllListeners('close').removeAllListeners('end');
    shells = await openShells(socket, { name: 'web' });
    await untilGone(pid);
    expect((await run(['echo', 'again'])).out).toBe('again\n');
  });

  it('ends with its connection, and takes all programs along', async () => {
    const guest = await begin();
    const running = start(['sh', '-c', 'trap "" TERM HUP; echo $$; while :; do sleep 1; done']);
    const pid = Number(await linesOf(running)());
    shells.close();
    await untilGone(pid);
    expect((await guest.exit).code).toBe(0);
    await begin();
  });
});
