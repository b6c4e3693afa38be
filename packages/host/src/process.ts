import { closeSync, constants, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { type IPty, spawn as spawnPty } from '@lydell/node-pty';
import { execa } from 'execa';
import { minimalEnvironment } from './environment.ts';
import type { HostProcess, ProcessExit, SpawnOptions, TerminalSize } from './host.ts';

export const spawnPiped = (argv: readonly string[], options: SpawnOptions): HostProcess => {
  const [program = '', ...args] = argv;
  const child = execa(program, args, {
    extendEnv: false,
    env: minimalEnvironment(options.env),
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  if (options.background === true) {
    child.unref();
    for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as Socket).unref();
  }
  // A guest's program that ends before reading its input is no error of ours.
  child.stdin.on('error', () => undefined);
  const exit = child.then((result): ProcessExit => ({ code: result.exitCode, signal: result.signal }));
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exit,
    resize: () => undefined,
    kill: (signal) => void child.kill(signal),
  };
};

const signalName = (number: number | undefined): string | undefined =>
  number === undefined || number === 0 ? undefined : `SIG${number}`;

/** What a program in a terminal gets beside the minimal environment. */
export const terminalEnvironment = { TERM: 'xterm-256color' };

/** What node-pty keeps to itself: the terminal's path, what it reads it with, and whether the program has ended. */
interface PtyInside {
  readonly _pty: string;
  readonly _socket: { destroy(): void };
  _boundClose: boolean;
}

const quietMs = 5;

/**
 * libuv takes the hang-up of a terminal for its end, also when there is something to read still: the last kilobytes of a
 * program that prints much would be lost. Held open here, it does not hang up before nothing more comes.
 */
const readToTheEnd = (pty: IPty, hear: (data: Buffer) => void): void => {
  const inside = pty as unknown as PtyInside;
  const held = openSync(inside._pty, constants.O_RDWR | constants.O_NOCTTY);
  let [heard, ended] = [0, false];
  pty.onData((data) => {
    heard += 1;
    hear(data as unknown as Buffer);
  });
  const finish = (before: number): void => {
    if (heard !== before) return void setTimeout(finish, quietMs, heard);
    closeSync(held);
    inside._socket.destroy();
  };
  Object.defineProperty(inside, '_boundClose', {
    get: () => ended,
    set: (value: boolean) => {
      if (value && !ended) setTimeout(finish, quietMs, heard);
      ended = value;
    },
  });
};

/** With a pseudo-terminal: execa makes none, node-pty is prebuilt for Linux inside its npm package. */
export const spawnTerminal = (argv: readonly string[], options: SpawnOptions, size: TerminalSize): HostProcess => {
  const [program = '', ...args] = argv;
  const pty = spawnPty(program, args, {
    name: terminalEnvironment.TERM,
    cols: size.cols,
    rows: size.rows,
    cwd: options.cwd ?? '/',
    env: minimalEnvironment({ ...terminalEnvironment, ...options.env }),
    encoding: null,
  });
  const stdout = new PassThrough();
  readToTheEnd(pty, (data) => void stdout.write(data));
  const exit = new Promise<ProcessExit>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      stdout.end();
      const name = signalName(signal);
      resolve({ code: name === undefined ? exitCode : undefined, signal: name });
    });
  });
  const stdin = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      // Typed for strings, written as it is to the socket: decoding here would cut a character that spans two chunks.
      pty.write(chunk as unknown as string);
      done();
    },
  });
  const stderr = new PassThrough();
  stderr.end();
  return {
    stdin,
    stdout,
    stderr,
    exit,
    resize: ({ cols, rows }) => pty.resize(Math.max(1, cols), Math.max(1, rows)),
    kill: (signal) => pty.kill(signal),
  };
};
