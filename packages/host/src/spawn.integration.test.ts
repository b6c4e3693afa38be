import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { localHost } from './local.ts';
import { startSshd } from './testing/sshd.ts';
import { begins, leavesNothing, ownSleep } from './testing/waiting.ts';

const sshd = await startSshd();
afterAll(() => sshd.stop());

const limit = { timeout: 10_000, interval: 20 };

/** Collects an output for waiting. */
const heard = (stream: Readable): (() => string) => {
  let all = '';
  stream.on('data', (chunk: Buffer) => {
    all += chunk.toString();
  });
  return () => all;
};

describe.each([localHost('this machine'), sshd.host('a machine over ssh')])('a program with streams of $id', (host) => {
  it('hands over the streams of a program and how it ended', async () => {
    const program = host.spawn(['sh', '-c', 'cat; echo err >&2; exit 3']);
    const outputs = Promise.all([text(program.stdout), text(program.stderr)]);
    program.stdin.write('ä');
    program.stdin.end('b');
    expect(await outputs).toEqual(['äb', 'err\n']);
    expect(await program.exit).toEqual({ code: 3, signal: undefined });
  });

  it('passes every byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 400_000 }, (_, index) => (index * 7) % 256));
    const program = host.spawn(['sh', '-c', 'cat >&2']);
    program.stdin.end(bytes);
    const chunks: Buffer[] = [];
    for await (const chunk of program.stderr) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  it('answers while the program runs', async () => {
    const program = host.spawn(['cat']);
    const output = heard(program.stdout);
    for (const word of ['one', 'two']) {
      program.stdin.write(`${word}\n`);
      await vi.waitFor(() => expect(output()).toContain(word), limit);
    }
    program.stdin.end();
    expect(await program.exit).toEqual({ code: 0, signal: undefined });
  });

  it('is held up by no output that nobody reads', async () => {
    const program = host.spawn(['sh', '-c', 'head -c 500000 /dev/zero; head -c 500000 /dev/zero >&2']);
    program.stdin.end();
    expect(await program.exit).toEqual({ code: 0, signal: undefined });
  });

  it.each(['SIGTERM', 'SIGKILL', 'SIGUSR1'] as const)('kills a program with %s', async (signal) => {
    const sleep = ownSleep();
    const program = host.spawn(['sleep', sleep]);
    await begins(sleep);
    program.kill(signal);
    expect(await program.exit).toEqual({ code: undefined, signal });
    await leavesNothing(sleep);
  });

  it('says nothing of a program that did not start', async () => {
    const program = host.spawn(['innkeeper-no-such-program']);
    expect(await program.exit).toEqual({ code: undefined, signal: undefined });
  });

  it('gives a terminal of the wanted size, and resizes it', async () => {
    const argv = [
      'sh',
      '-c',
      'echo $TERM; pwd; stty size; while read line; do echo "got $line, $(stty size)"; done; exit 4',
    ];
    const program = host.spawn(argv, { tty: { cols: 91, rows: 33 } });
    const output = heard(program.stdout);
    await vi.waitFor(() => expect(output()).toBe('xterm-256color\r\n/\r\n33 91\r\n'), limit);
    program.resize({ cols: 120, rows: 50 });
    // The size goes another way than what is typed, and may come later.
    await vi.waitFor(() => {
      program.stdin.write('hello\n');
      expect(output()).toContain('got hello, 50 120');
    }, limit);
    program.stdin.write('\x04');
    expect(await program.exit).toEqual({ code: 4, signal: undefined });
  });

  it('passes keys of a terminal to the program', async () => {
    const sleep = ownSleep();
    const program = host.spawn(['sh', '-c', `trap 'echo interrupted' INT; sleep ${sleep}; echo over`], {
      tty: { cols: 80, rows: 24 },
    });
    const output = heard(program.stdout);
    await begins(sleep);
    program.stdin.write('\x03');
    await vi.waitFor(() => expect(output()).toMatch(/interrupted\r\nover\r\n$/), limit);
    expect(await program.exit).toEqual({ code: 0, signal: undefined });
  });

  it('loses nothing of what a program prints in a terminal before it ends', async () => {
    for (let round = 0; round < 5; round += 1) {
      const program = host.spawn(['seq', '1', '30000'], { tty: { cols: 80, rows: 24 } });
      const [printed] = await Promise.all([text(program.stdout), program.exit]);
      expect(printed.split('\r\n').length).toBe(30_001);
    }
  });

  it('kills a program in a terminal', async () => {
    const sleep = ownSleep();
    const program = host.spawn(['sleep', sleep], { tty: { cols: 80, rows: 24 } });
    await begins(sleep);
    program.kill('SIGTERM');
    expect((await program.exit).code).toBeUndefined();
    await leavesNothing(sleep);
  });

  it('reads lines until the program ends', async () => {
    const seen: string[] = [];
    const argv = ['sh', '-c', 'echo a; echo; printf b'];
    for await (const line of host.lines(argv, new AbortController().signal)) seen.push(line);
    expect(seen).toEqual(['a', '', 'b']);
  });

  it.each(['the signal fires', 'the reader leaves'])('ends a program of lines when %s', async (way) => {
    const sleep = ownSleep();
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const line of host.lines(['sh', '-c', `echo a; exec sleep ${sleep}`], stop.signal)) {
      seen.push(line);
      await begins(sleep);
      if (way === 'the reader leaves') break;
      stop.abort();
    }
    expect(seen).toEqual(['a']);
    await leavesNothing(sleep);
  });
});
