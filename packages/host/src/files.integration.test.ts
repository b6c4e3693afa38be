import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { localHost } from './local.ts';
import { startSshd } from './testing/sshd.ts';
import { leavesNothing, ownSleep } from './testing/waiting.ts';

const sshd = await startSshd();
afterAll(() => sshd.stop());

const here = localHost('here');
const limit = { timeout: 10_000, interval: 20 };
const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 31) % 256);

/** Makes a terminal, says its path and has the other end of it, as libvirt for a container (ioctl_tty(2)). */
const terminalOwner = `open my $owned, '+<', '/dev/ptmx';
my ($zero, $number) = (pack('i', 0), pack('i', 0));
ioctl $owned, 0x40045431, $zero;
ioctl $owned, 0x80045430, $number;
my $path = '/dev/pts/' . unpack('i', $number);
open my $held, '+<', $path;
syswrite STDOUT, "$path\\n";
my $copier = fork;
if ($copier == 0) { syswrite STDOUT, $shown while sysread $owned, $shown, 4096; exit }
syswrite $owned, $typed while sysread STDIN, $typed, 4096;
kill 'KILL', $copier`;

describe.each([localHost('this machine'), sshd.host('a machine over ssh')])(
  'files, daemons and streams of $id',
  (host) => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp('/tmp/innkeeper-host-');
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it.each(['plain', "it's a $(id) `file`", '-n', 'two\nlines', 'ä€😀 "x"'])(
      'keeps bytes in a file named %j',
      async (name) => {
        const { files } = host;
        const path = `${folder}/${name}`;
        await files.write(path, bytes, 0o640);
        expect(Buffer.from(await files.read(path)).equals(bytes)).toBe(true);
        expect(await files.list(folder)).toEqual([name]);
        expect(await files.facts(path)).toMatchObject({ kind: 'file', size: bytes.length, mode: 0o640, uid: 0 });
        await files.rename(path, `${path}2`);
        expect(await files.facts(path)).toBeUndefined();
        await files.remove(`${path}2`);
        expect(await files.list(folder)).toEqual([]);
      },
    );

    it('replaces a file as a whole, with its mode, and leaves nothing beside', async () => {
      const { files } = host;
      const path = `${folder}/replaced`;
      await files.write(path, 'old', 0o644);
      await files.write(path, 'new ä\n');
      expect(await files.readText(path)).toBe('new ä\n');
      expect((await files.facts(path))?.mode).toBe(0o600);
      await files.write(path, '');
      expect(await files.readTextIfThere(path)).toBe('');
      expect(await files.list(folder)).toEqual(['replaced']);
      await files.remove(path);
    });

    it('tells what is missing from what fails', async () => {
      const { files } = host;
      const missing = `${folder}/missing`;
      expect(await files.readTextIfThere(missing)).toBeUndefined();
      expect(await files.readTextIfThere('/etc/passwd/x')).toBeUndefined();
      expect(await files.facts(missing)).toBeUndefined();
      expect(await files.list(missing)).toEqual([]);
      expect(await files.list('/etc/passwd')).toEqual([]);
      await files.remove(missing);
      await expect(files.read(missing)).rejects.toMatchObject({ code: 'ENOENT', path: missing });
      await expect(files.readTextIfThere(folder)).rejects.toMatchObject({ code: 'EISDIR' });
      await expect(files.write(`${missing}/x`, 'x')).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(files.rename(missing, `${folder}/x`)).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(files.rename('/etc/passwd', '/proc/x')).rejects.toMatchObject({ code: 'EXDEV' });
      await expect(files.chmod(missing, 0o600)).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(files.chown(missing, 0, 0)).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(files.space(missing)).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(files.makeDirectory('/etc/passwd/x')).rejects.toMatchObject({ code: 'ENOTDIR' });
    });

    it('does not write over a folder', async () => {
      const { files } = host;
      await files.makeDirectory(`${folder}/sub`);
      await expect(files.write(`${folder}/sub`, 'x')).rejects.toMatchObject({ code: 'EISDIR' });
      expect(await files.list(folder)).toEqual(['sub']);
      await files.remove(`${folder}/sub`);
    });

    it('makes folders and changes owners and modes, of a link its own', async () => {
      const { files } = host;
      const path = `${folder}/a/b`;
      await files.makeDirectory(path, 0o2755);
      expect(await files.facts(path)).toMatchObject({ kind: 'directory', mode: 0o2755 });
      await files.makeDirectory(path, 0o755);
      await files.chown(path, 1234, 1234);
      expect(await files.facts(path)).toMatchObject({ mode: 0o755, uid: 1234 });
      await here.run(['ln', '-s', path, `${folder}/link`]);
      await files.chown(`${folder}/link`, 4321, 0);
      expect(await files.facts(`${folder}/link`)).toMatchObject({ kind: 'symlink', uid: 4321 });
      expect((await files.facts(path))?.uid).toBe(1234);
      expect(await files.list(`${folder}/link`)).toEqual([]);
      await files.remove(`${folder}/link`);
      await files.remove(`${folder}/a`);
      expect(await files.list(folder)).toEqual([]);
    });

    it('answers facts and space as this machine does', async () => {
      const path = `${folder}/sparse`;
      await here.run(['truncate', '-s', '1M', path]);
      const [there, local] = await Promise.all([host.files.facts(path), here.files.facts(path)]);
      expect({ ...there, modifiedMs: 0 }).toEqual({ ...local, modifiedMs: 0 });
      expect(there?.modifiedMs).toBeCloseTo(local?.modifiedMs ?? 0, 1);
      expect((await host.files.space(folder)).total).toBe((await here.files.space(folder)).total);
      expect((await host.files.facts('/dev/null'))?.kind).toBe('other');
      await host.files.remove(path);
    });

    it('removes nothing of another file system', async () => {
      const { files } = host;
      const inside = `${folder}/tree/mounted`;
      await files.makeDirectory(inside);
      await here.run(['mount', '-t', 'tmpfs', 'innkeeper-test', inside]);
      try {
        await files.write(`${inside}/kept`, 'x');
        await expect(files.remove(`${folder}/tree`)).rejects.toMatchObject({ code: 'host_error' });
        expect(await files.list(inside)).toEqual(['kept']);
      } finally {
        await here.run(['umount', inside]);
      }
      await files.remove(`${folder}/tree`);
      expect(await files.list(folder)).toEqual([]);
    });

    it('starts a daemon that writes its log and outlives the call', async () => {
      const sleep = ownSleep();
      const [log, pidFile] = [`${folder}/log`, `${folder}/pid`];
      await here.files.write(log, 'before\n');
      const argv = ['sh', '-c', `echo "$GREETING"; pwd; echo err >&2; exec sleep ${sleep}`];
      const pid = await host.daemon(argv, { log, pidFile, cwd: '/usr', env: { GREETING: "it's" } });
      try {
        await vi.waitFor(async () => expect(await here.files.readText(log)).toBe("before\nit's\n/usr\nerr\n"), limit);
        expect(await here.files.readText(pidFile)).toBe(`${pid}\n`);
        await vi.waitFor(
          async () => expect(await here.files.readText(`/proc/${pid}/cmdline`)).toBe(`sleep\0${sleep}\0`),
          limit,
        );
        // In a session of its own.
        expect((await here.run(['ps', '-o', 'sid=', '-p', String(pid)])).stdout.trim()).toBe(String(pid));
      } finally {
        process.kill(pid, 'SIGKILL');
      }
      await leavesNothing(sleep);
      await expect(host.daemon(['innkeeper-no-such-program'], { log })).rejects.toThrow('did not start');
      await here.run(['rm', '-f', log, pidFile]);
    });

    it('connects to a socket, both ways', async () => {
      const path = `${folder}/it's a socket`;
      const server: Server = createServer({ allowHalfOpen: true });
      server.listen(path);
      await once(server, 'listening');
      try {
        const arriving = once(server, 'connection') as Promise<[Socket]>;
        const stream = await host.connect({ socket: path });
        const [socket] = await arriving;
        // Not by an iterator: at the end it would destroy the socket, with what it still sends.
        const received: Buffer[] = [];
        socket.on('data', (chunk: Buffer) => received.push(chunk));
        const ended = once(socket, 'end');
        const answered: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => answered.push(chunk));
        // More than any buffer on the way holds, in both directions at once.
        const large = Buffer.alloc(3_000_000, bytes);
        socket.write(large);
        stream.end(large.toString('base64'));
        await ended;
        expect(Buffer.concat(received).toString() === large.toString('base64')).toBe(true);
        socket.end('last');
        await once(stream, 'close');
        const all = Buffer.concat(answered);
        expect([all.length, all.subarray(-4).toString()]).toEqual([large.length + 4, 'last']);
        expect(all.subarray(0, -4).equals(large)).toBe(true);
      } finally {
        server.close();
      }
    });

    it('lets go of a socket when the stream is destroyed', async () => {
      const path = `${folder}/socket`;
      const server = createServer();
      server.listen(path);
      await once(server, 'listening');
      const arriving = once(server, 'connection') as Promise<[Socket]>;
      const stream = await host.connect({ socket: path });
      const [socket] = await arriving;
      socket.resume();
      const closed = once(socket, 'close');
      stream.destroy();
      await closed;
      server.close();
    });

    it('connects to a TCP port, and says that nobody listens on one', async () => {
      const server = createServer((socket) => socket.end('220 hello\r\n'));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const tcp = { address: '127.0.0.1', port };
      const stream = await host.connect({ tcp });
      const [greeting] = (await once(stream, 'data')) as [Buffer];
      expect(greeting.toString()).toBe('220 hello\r\n');
      stream.destroy();
      server.close();
      await once(server, 'close');
      await expect(host.connect({ tcp })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    });

    it('says that nobody listens', async () => {
      const path = `${folder}/nobody`;
      await expect(host.connect({ socket: path })).rejects.toMatchObject({ code: 'ENOENT' });
      await here.files.write(path, '');
      await expect(host.connect({ socket: path })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await here.files.remove(path);
      await expect(host.connect({ terminal: path })).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('reads many small files at once, and says which are not there', async () => {
      const strange = `${folder}/it's "odd"`;
      await host.files.write(strange, 'ä\n-\n12\n');
      await host.files.write(`${folder}/empty`, '');
      const paths = ['/proc/self/comm', `${folder}/nothing`, strange, `${folder}/empty`, folder];
      const [comm, ...others] = await host.files.readTexts(paths);
      expect(comm).not.toBe('');
      expect(others).toEqual([undefined, 'ä\n-\n12\n', '', undefined]);
      expect(await host.files.readTexts([])).toEqual([]);
    });

    it('connects to a terminal, raw and both ways', async () => {
      const owner = here.spawn(['perl', '-e', terminalOwner]);
      let shown = '';
      owner.stdout.on('data', (chunk: Buffer) => {
        shown += chunk.toString();
      });
      await vi.waitFor(() => expect(shown).toMatch(/\/dev\/pts\/\d+\n/), limit);
      const device = /\/dev\/pts\/\d+/.exec(shown)?.[0] ?? '';
      const stream = await host.connect({ terminal: device });
      let typed = '';
      stream.on('data', (chunk: Buffer) => {
        typed += chunk.toString('latin1');
      });
      // Ctrl-C and a carriage return: whatever a terminal would make of them, they arrive.
      owner.stdin.write(Buffer.from('a\x03\rb\xff', 'latin1'));
      await vi.waitFor(() => expect(typed).toBe('a\x03\rb\xff'), limit);
      stream.write('from the stream');
      await vi.waitFor(() => expect(shown).toContain('from the stream'), limit);
      const ended = once(stream, 'end');
      owner.stdin.end();
      await owner.exit;
      await ended;
      stream.destroy();
    });
  },
);
