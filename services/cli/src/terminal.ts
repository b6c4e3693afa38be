import { setTimeout as delay } from 'node:timers/promises';
import { exec, type Outputs, openConsole } from '@innkeeper/client';
import { type ErrorCode, type ExecRequest, type ExitReport, errorCodes, InnkeeperError } from '@innkeeper/model';
import { readTarget } from './target.ts';

const kindOf = (kind: string | undefined): ErrorCode =>
  kind !== undefined && kind in errorCodes ? (kind as ErrorCode) : 'host_error';

/** What a stream that could not be served says; undefined for one that ended by itself. */
export const refusalIn = (report: ExitReport): InnkeeperError | undefined =>
  'error' in report
    ? new InnkeeperError(kindOf(report.kind), report.error, report.hint === undefined ? {} : { hint: report.hint })
    : undefined;

const outputs: Outputs = {
  stdout: (bytes) => void process.stdout.write(bytes),
  stderr: (bytes) => void process.stderr.write(bytes),
};

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** How a command is run in a guest. */
export interface ExecChoices {
  readonly tty: boolean;
  /** Whether it is run without a terminal where there is none for it. */
  readonly optional?: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly user?: string;
}

/** bash where there is one. */
export const loginShell: readonly string[] = ['/bin/sh', '-c', 'exec "$(command -v bash || command -v sh)" -l'];

/** Runs a command in a guest; the exit code becomes ours, 128 + n for a signal. */
export const runExec = async (name: string, command: readonly string[], options: ExecChoices): Promise<void> => {
  // A terminal that nobody looks at says that it is 0 × 0.
  const size = { cols: process.stdout.columns || 80, rows: process.stdout.rows || 24 };
  const request: ExecRequest = {
    command,
    env: options.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.tty ? { tty: { ...size, optional: options.optional === true } } : {}),
  };
  const stream = await exec(readTarget(process.env), name, request, outputs);
  process.stdin.on('data', (chunk: Buffer) => stream.write(chunk));
  process.stdin.on('end', () => stream.end());
  if (options.tty) {
    process.stdin.setRawMode(true);
    process.stdout.on('resize', () => stream.resize(process.stdout.columns, process.stdout.rows));
  } else for (const signal of forwarded) process.on(signal, () => stream.signal(signal));
  let unheard = false;
  process.stdout.once('error', () => {
    unheard = true;
    stream.close();
  });
  process.stdin.resume();
  const report = await stream.exit;
  if (options.tty) process.stdin.setRawMode(false);
  process.stdin.destroy();
  const refusal = unheard ? undefined : refusalIn(report);
  if (refusal !== undefined) throw refusal;
  process.exitCode = 'code' in report ? report.code : 128;
};

const comingUpMs = 5 * 60_000;
const askAgainMs = 1000;
const silent: Outputs = { stdout: () => undefined, stderr: () => undefined };

/** Until a guest takes commands, which a virtual machine does late in its boot. Throws what it says after five minutes. */
export const awaitCommands = async (name: string): Promise<void> => {
  const deadline = Date.now() + comingUpMs;
  for (;;) {
    const stream = await exec(readTarget(process.env), name, { command: ['true'], env: {} }, silent);
    stream.end();
    const refusal = refusalIn(await stream.exit);
    if (refusal === undefined) return;
    if (Date.now() > deadline || refusal.code === 'not_found' || refusal.code === 'unsupported') throw refusal;
    await delay(askAgainMs);
  }
};

/** Ctrl-] as in telnet, virsh and docker-machine. */
const detachKey = 0x1d;

/** The guest's console until it stops, the detach key is pressed, or, without a terminal, the input ends. */
export const runConsole = async (name: string): Promise<void> => {
  let hear: () => void = () => undefined;
  const heard = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const heardOutputs: Outputs = {
    ...outputs,
    stdout: (bytes) => {
      outputs.stdout(bytes);
      hear();
    },
  };
  const stream = await openConsole(readTarget(process.env), name, heardOutputs);
  void stream.exit.then(hear);
  const terminal = process.stdin.isTTY === true;
  let detached = false;
  const detach = (): void => {
    detached = true;
    stream.close();
  };
  if (terminal) {
    process.stderr.write(`connected to ${name}; detach with Ctrl-]\n`);
    process.stdin.setRawMode(true);
  }
  process.stdin.on('data', (chunk: Buffer) => {
    if (terminal && chunk.includes(detachKey)) detach();
    else stream.write(chunk);
  });
  // Whoever has no input still wants to know what was printed before, or why there is no console.
  process.stdin.on('end', () => void heard.then(detach));
  process.stdin.resume();
  const report = await stream.exit;
  if (terminal) process.stdin.setRawMode(false);
  process.stdin.destroy();
  const refusal = detached ? undefined : refusalIn(report);
  if (refusal !== undefined) throw refusal;
};
