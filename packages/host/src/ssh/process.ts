import { once } from 'node:events';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { HostProcess, ProcessExit, SpawnOptions, TerminalSize } from '../host.ts';
import { spawnPiped, spawnTerminal, terminalEnvironment } from '../process.ts';
import type { Connection } from './connection.ts';
import { executeOver, signalName } from './execute.ts';
import { markFilter, newMark, type Said } from './marks.ts';
import { supervisedLine } from './supervised.ts';

/** A program of the other side, and the ssh on this side that carries its streams. */
export interface RemoteProcess extends HostProcess {
  /** Ends the ssh, at once; the other side then ends the program. */
  abandon(): void;
}

const never: ProcessExit = { code: undefined, signal: undefined };

/** As of a program of this machine; a lost connection says neither code nor signal. */
const exitOf = (said: Said): ProcessExit => {
  const code = said.get('exit');
  if (code !== undefined) return { code, signal: undefined };
  const signal = said.get('signal');
  return signal === undefined ? never : { code: undefined, signal: signalName(signal) ?? `SIG${signal}` };
};

/** Takes what the caller writes before the program is there, and passes it on once it is. */
const delayedInput = (ready: Promise<Writable | undefined>): Writable => {
  const write = async (chunk: Buffer): Promise<void> => {
    const target = await ready;
    if (target?.writable === true && !target.write(chunk))
      await Promise.race([once(target, 'drain'), finished(target)]);
  };
  const settle = (work: Promise<unknown>, done: () => void): void => {
    // A program that ends before reading its input is no error of ours.
    work.then(
      () => done(),
      () => done(),
    );
  };
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => settle(write(chunk), done),
    final: (done) =>
      settle(
        ready.then((target) => target?.end()),
        done,
      ),
  });
};

/** As execa does for programs of this machine: an output that nobody listens to holds nobody up. */
const drainUnheard = (stream: Readable): void => {
  setImmediate(() => {
    if (stream.readableFlowing === null) stream.resume();
  });
};

const deliver = (connection: Connection, pid: number, signal: NodeJS.Signals): void => {
  const argv = ['sh', '-c', 'kill -s "$1" -- "$2"', 'kill', signal.replace(/^SIG/, ''), String(pid)];
  // It ended meanwhile, or the connection did: either way the caller sees it in `exit`.
  executeOver(connection, argv, {}).catch(() => undefined);
};

interface Begun {
  readonly inner: HostProcess;
  readonly release: () => void;
}

/**
 * {@link Host.spawn} over ssh. A signal goes to the process id that the supervisor tells before the program begins, by a
 * command of its own on the same connection: ssh carries none. In a terminal, ssh's own pseudo-terminal is on this side,
 * so a resize passes through by itself.
 */
export const spawnOver = (
  connection: Connection,
  argv: readonly string[],
  options: SpawnOptions = {},
): RemoteProcess => {
  const { tty } = options;
  const mark = newMark();
  const said: Said = new Map();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let size: TerminalSize | undefined = tty;
  let abandoned = false;
  let over = false;
  let heard: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const filter = markFilter(mark, said, () => heard());

  const begin = async (): Promise<Begun | undefined> => {
    const terminal = tty !== undefined;
    const env = { ...(terminal ? terminalEnvironment : {}), ...options.env };
    const line = await supervisedLine(argv, { mark, env, cwd: options.cwd, terminal });
    const { command, release } = await connection.lease();
    if (abandoned) {
      release();
      return undefined;
    }
    const ssh = command(line, terminal);
    const inner =
      size === undefined
        ? spawnPiped(ssh, { env: connection.env, background: options.background === true })
        : spawnTerminal(ssh, { env: connection.env }, size);
    return { inner, release };
  };

  const beginning = begin();
  const whole = async (): Promise<ProcessExit> => {
    const begun = await beginning.catch((error: unknown) => {
      stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    });
    if (begun === undefined) {
      stdout.end();
      stderr.end();
      return never;
    }
    const { inner, release } = begun;
    const [marked, plain] = tty === undefined ? [inner.stderr, inner.stdout] : [inner.stdout, inner.stderr];
    marked.pipe(filter).pipe(tty === undefined ? stderr : stdout);
    plain.pipe(tty === undefined ? stdout : stderr);
    await inner.exit;
    release();
    if (!filter.writableFinished) await finished(filter, { readable: false });
    return exitOf(said);
  };
  const exit = whole().finally(() => {
    over = true;
    heard();
  });

  drainUnheard(stdout);
  drainUnheard(stderr);
  const input = async (): Promise<Writable | undefined> => {
    const begun = await beginning.catch(() => undefined);
    // Before that, this side's terminal would echo what is typed, and change it.
    if (tty !== undefined) await started;
    return over ? undefined : begun?.inner.stdin;
  };
  return {
    stdin: delayedInput(input()),
    stdout,
    stderr,
    exit,
    resize: (next) => {
      size = next;
      beginning.then(
        (begun) => begun?.inner.resize(next),
        () => undefined,
      );
    },
    kill: (signal) =>
      void started.then(() => {
        const pid = said.get('pid');
        if (!over && pid !== undefined) deliver(connection, pid, signal);
      }),
    abandon: () => {
      abandoned = true;
      beginning.then(
        (begun) => begun?.inner.kill('SIGTERM'),
        () => undefined,
      );
    },
  };
};
