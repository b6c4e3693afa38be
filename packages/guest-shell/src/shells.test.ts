import { type Duplex, duplexPair } from 'node:stream';
import { fc, test } from '@fast-check/vitest';
import type { HostProcess } from '@innkeeper/host';
import { describe, expect, it } from 'vitest';
import { encodeShellFrame, type FrameType, type ShellFrame, shellFrameReader } from './frames.ts';
import { outputWindow } from './output.ts';
import { openShells, type Shells } from './shells.ts';

/** Stands for the program inside a guest, well-behaved or not. */
interface Guest {
  readonly port: Duplex;
  readonly heard: ShellFrame[];
  send(type: FrameType, session: number, payload?: string | Uint8Array): void;
  /** Until frames of a kind have come. */
  until(type: FrameType, count?: number): Promise<void>;
}

const guestAt = (port: Duplex, answer: (nonce: string) => string = (nonce) => `1 ${nonce}`): Guest => {
  const read = shellFrameReader();
  const heard: ShellFrame[] = [];
  const waiting = new Set<() => void>();
  const send: Guest['send'] = (type, session, payload = '') =>
    void port.write(encodeShellFrame(type, session, Buffer.from(payload)));
  port.on('error', () => undefined);
  port.on('data', (chunk: Buffer) => {
    for (const frame of read(chunk).frames) {
      heard.push(frame);
      if (frame.type === 'H') send('H', 0, answer(frame.payload.toString().split(' ')[1] ?? ''));
    }
    for (const look of waiting) look();
  });
  return {
    port,
    heard,
    send,
    until: (type, count = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (heard.filter((frame) => frame.type === type).length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
};

const opened = async (): Promise<{ guest: Guest; shells: Shells }> => {
  const [ours, theirs] = duplexPair();
  const guest = guestAt(theirs);
  return { guest, shells: await openShells(ours, { name: 'web' }) };
};

const program = { command: ['true'], env: {}, cwd: undefined, tty: undefined };

const code = (number: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
};

const complaintOf = async (process: HostProcess): Promise<string> => {
  let said = '';
  process.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  process.stdout.resume();
  await Promise.all([process.exit, new Promise((resolve) => void process.stderr.once('end', resolve))]);
  return said;
};

describe('a connection to the shell of a guest', () => {
  it('runs a program and tells its output, its complaints and its code', async () => {
    const { guest, shells } = await opened();
    const process = shells.spawn({ ...program, command: ['cat', '-'], env: { A: 'b' }, user: 'www-data', cwd: '/srv' });
    await guest.until('S');
    expect(guest.heard.at(-1)?.payload.toString().split('\0')).toEqual([
      '0',
      '0',
      'www-data',
      '/srv',
      '1',
      'A=b',
      'cat',
      '-',
    ]);
    guest.send('P', 1, 'no');
    guest.send('Q', 1, code(7));
    expect(await complaintOf(process)).toBe('no');
    expect(await process.exit).toEqual({ code: 7, signal: undefined });
    expect(shells.running).toBe(0);
  });

  it('begins behind what an earlier one left', async () => {
    const [ours, theirs] = duplexPair();
    theirs.write(Buffer.from('half a frame ~ and an old one'));
    theirs.write(encodeShellFrame('O', 3, Buffer.from('old')));
    guestAt(theirs);
    const shells = await openShells(ours, { name: 'web' });
    expect(shells.running).toBe(0);
  });

  it('is refused by a guest that says nothing, and by one of another version', async () => {
    const [silentOurs] = duplexPair();
    await expect(openShells(silentOurs, { name: 'web', answerMs: 20 })).rejects.toMatchObject({ code: 'conflict' });
    const [ours, theirs] = duplexPair();
    guestAt(theirs, (nonce) => `2 ${nonce}`);
    await expect(openShells(ours, { name: 'web' })).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('ends with its programs when the one inside has begun anew, or is gone', async () => {
    const first = await opened();
    const running = first.shells.spawn(program);
    first.guest.send('H', 0, '1 -');
    expect(await complaintOf(running)).toContain('it has begun anew');
    expect(await running.exit).toEqual({ code: undefined, signal: undefined });
    const second = await opened();
    const other = second.shells.spawn(program);
    await second.guest.until('S');
    second.guest.port.end();
    expect(await complaintOf(other)).toContain('has ended');
    await second.shells.closed;
    expect(() => second.shells.spawn(program)).toThrow('does not answer');
  });

  it('kills at once, whatever the guest says of it later', async () => {
    const { guest, shells } = await opened();
    const process = shells.spawn(program);
    process.kill('SIGTERM');
    process.kill('SIGKILL');
    expect(await process.exit).toEqual({ code: undefined, signal: 'SIGKILL' });
    await guest.until('X');
    expect(guest.heard.filter(({ type }) => type === 'K').map(({ payload }) => payload.toString())).toEqual(['TERM']);
    guest.send('O', 1, 'late');
    guest.send('Q', 1, code(0));
    const next = shells.spawn(program);
    await guest.until('S', 2);
    guest.send('Q', 2, code(0));
    expect(await next.exit).toEqual({ code: 0, signal: undefined });
  });

  it('gives no more room than somebody has read', async () => {
    const { guest, shells } = await opened();
    const { stdout } = shells.spawn(program);
    stdout.pause();
    const piece = Buffer.alloc(1024);
    for (let sent = 0; sent < outputWindow; sent += piece.length) guest.send('O', 1, piece);
    await guest.until('S');
    expect(guest.heard.some(({ type }) => type === 'C')).toBe(false);
    let read = 0;
    stdout.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    stdout.resume();
    await guest.until('C', 3);
    const granted = guest.heard.flatMap(({ type, payload }) => (type === 'C' ? [payload.readUInt32BE(1)] : []));
    expect(granted.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(outputWindow);
    expect(read).toBeGreaterThan(0);
  });

  it('makes who writes wait until the program has taken it', async () => {
    const { guest, shells } = await opened();
    const { stdin } = shells.spawn(program);
    let written = false;
    stdin.write(Buffer.alloc(300 * 1024), () => {
      written = true;
    });
    await guest.until('I', 8);
    const sent = () => guest.heard.reduce((sum, { type, payload }) => sum + (type === 'I' ? payload.length : 0), 0);
    expect(sent()).toBe(256 * 1024);
    expect(written).toBe(false);
    guest.send('C', 1, code(256 * 1024));
    await guest.until('I', 10);
    expect(sent()).toBe(300 * 1024);
  });

  it('runs at most 64 programs, and none whose words no program can be given', async () => {
    const { shells } = await opened();
    for (let count = 0; count < 64; count += 1) shells.spawn(program);
    expect(() => shells.spawn(program)).toThrow('64 programs run in web already');
    const { shells: others } = await opened();
    expect(() => others.spawn({ ...program, command: ['a\0b'] })).toThrow('NUL');
    expect(() => others.spawn({ ...program, command: ['a'.repeat(300_000)] })).toThrow('256 KiB');
  });
});

describe('a guest that breaks the protocol', () => {
  const breaks: readonly [string, (guest: Guest) => void][] = [
    ['sends what is no frame', ({ port }) => void port.write('nonsense~')],
    ['speaks of a program that was never started', (guest) => guest.send('O', 9, 'x')],
    ['speaks of no program', (guest) => guest.send('Q', 0, code(0))],
    ['sends what only the host sends', (guest) => guest.send('S', 1, 'x')],
    [
      'prints more than there is room for',
      (guest) => {
        for (let sent = 0; sent <= outputWindow; sent += 65_536) guest.send('P', 1, Buffer.alloc(65_536));
      },
    ],
    ['takes more than it was sent', (guest) => guest.send('C', 1, code(1))],
    ['ends a program without a code', (guest) => guest.send('Q', 1, 'x')],
  ];

  it.each(breaks)('loses the connection when it %s', async (_, misbehave) => {
    const { guest, shells } = await opened();
    const process = shells.spawn(program);
    await guest.until('S');
    // Nobody reads: what it prints stays where it is.
    process.stderr.pause();
    misbehave(guest);
    await shells.closed;
    expect(await process.exit).toEqual({ code: undefined, signal: undefined });
  });

  test.prop([
    fc.array(fc.uint8Array({ maxLength: 64 })),
    fc.array(
      fc.record({
        type: fc.constantFrom('C', 'O', 'P', 'Q', 'H', 'R'),
        session: fc.nat(3),
        payload: fc.uint8Array({ maxLength: 12 }),
      }),
    ),
  ])('hurts nobody, whatever it sends', async (chunks, frames) => {
    const { guest, shells } = await opened();
    const processes = [shells.spawn(program), shells.spawn(program)];
    await guest.until('S', 2);
    for (const { type, session, payload } of frames) guest.send(type as FrameType, session, payload);
    for (const chunk of chunks) guest.port.write(chunk);
    guest.port.end();
    await shells.closed;
    for (const process of processes) await process.exit;
    expect(shells.running).toBe(0);
  });
});
