import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { localHost } from '@innkeeper/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// @boundaries-ignore the sshd of the tests is no part of what the room host offers
import { startSshd } from '../../host/src/testing/sshd.ts';
import { openShells } from './shells.ts';

const here = localHost('test');
const sshd = await startSshd();
const far = sshd.host('far');
const program = fileURLToPath(new URL('../perl/guest-shell.pl', import.meta.url));

let folder = '';
let guests: Server;
let hosts: Server;

/** Stands for QEMU: whoever comes to the one socket talks with the guest at the other. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innkeeper-test-far-shell-'));
  guests = createServer().listen(join(folder, 'guest'));
  hosts = createServer(async (host: Socket) => {
    const coming = once(guests, 'connection');
    here.spawn(['perl', program, join(folder, 'guest')]).stderr.pipe(process.stderr);
    const [guest] = (await coming) as [Socket];
    for (const one of [host, guest]) one.on('error', () => undefined);
    host.pipe(guest).pipe(host);
    host.once('close', () => guest.destroy());
  }).listen(join(folder, 'host'));
  await Promise.all([once(guests, 'listening'), once(hosts, 'listening')]);
});

afterAll(async () => {
  guests.close();
  hosts.close();
  await sshd.stop();
  await rm(folder, { recursive: true });
});

const plain = { env: {}, cwd: undefined, tty: undefined };

describe('a machine on a host that is reached over ssh', () => {
  it('runs programs as one that is here does', async () => {
    const shells = await openShells(await far.connect({ socket: join(folder, 'host') }), { name: 'web' });
    const unread = shells.spawn({ ...plain, command: ['cat', '/dev/zero'] });
    unread.stdout.pause();
    const counting = shells.spawn({ ...plain, command: ['wc', '-c'] });
    let counted = '';
    counting.stdout.on('data', (chunk: Buffer) => {
      counted += chunk.toString();
    });
    counting.stdin.end(Buffer.alloc(3_000_000, 0x7e));
    expect(await counting.exit).toEqual({ code: 0, signal: undefined });
    expect(counted).toBe('3000000\n');
    const terminal = shells.spawn({
      ...plain,
      command: ['sh', '-c', 'stty size; exit 4'],
      tty: { cols: 90, rows: 30 },
    });
    expect(String((await once(terminal.stdout, 'data'))[0])).toBe('30 90\r\n');
    expect((await terminal.exit).code).toBe(4);
    shells.close();
    expect(await unread.exit).toEqual({ code: undefined, signal: undefined });
  });
});
