import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecOptions, GuestRef } from '@innkeeper/driver-contract';
import type { HostProcess, ProcessExit } from '@innkeeper/host';
import { type Libvirt, virshKind } from '@innkeeper/libvirt';
import { InnkeeperError, messageChain } from '@innkeeper/model';

/** Whoever has nothing to say keeps the input open: a command does not wait for its end longer than this. */
const silentMs = 300;
/** One argument of a program ends at 128 KiB, and base64 makes three bytes four. */
const largestInput = 64 * 1024;
const firstPauseMs = 30;
const longestPauseMs = 500;
const agentGoneMs = 30_000;

interface Status {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
  readonly 'out-truncated'?: boolean;
}

const explained = (name: string, error: unknown): unknown =>
  virshKind(error) === 'agent_silent'
    ? new InnkeeperError('conflict', `The agent inside ${name} does not answer`, {
        cause: error,
        hint: `it starts late in the boot, and needs the package qemu-guest-agent; inn console ${name} works without it`,
      })
    : error;

/** The agent's words for a program that cannot be started are glib's (g_spawn_async). */
const complaintOf = (name: string, error: unknown): string => {
  const text = messageChain(explained(name, error)).join(': ');
  const [, program, reason] = /Failed to execute child process .(.+?). \((.+)\)/.exec(text) ?? [];
  return program === undefined ? text : `${program}: ${reason ?? ''}`;
};

/** All input, once its end or silence tells that nothing more comes. */
const gather = (input: PassThrough): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const silent = setTimeout(() => bytes === 0 && resolve(Buffer.alloc(0)), silentMs);
    input.on('data', (chunk: Buffer) => {
      clearTimeout(silent);
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > largestInput)
        reject(new InnkeeperError('too_large', 'The guest agent takes at most 64 KiB of input'));
    });
    input.once('end', () => {
      clearTimeout(silent);
      resolve(Buffer.concat(chunks));
    });
  });

/** The agent starts programs in / of a new session; the words after the script are never parsed by the shell. */
const inDirectory = (cwd: string): string[] => ['/bin/sh', '-c', 'cd -- "$1" && shift && exec "$@"', 'sh', cwd];
const asUser = (user: string): string[] => ['runuser', '-u', user, '--'];

const commandOf = ({ command, cwd, user }: ExecOptions): readonly string[] => [
  ...(cwd === undefined ? [] : inDirectory(cwd)),
  ...(user === undefined ? [] : asUser(user)),
  ...command,
];

const start = async (libvirt: Libvirt, uuid: string, options: ExecOptions, input: Buffer): Promise<number> => {
  const [path = '', ...args] = commandOf(options);
  const { pid } = (await libvirt.agentCommand(uuid, 'guest-exec', {
    path,
    arg: args,
    env: Object.entries(options.env).map(([name, value]) => `${name}=${value}`),
    'capture-output': true,
    ...(input.length === 0 ? {} : { 'input-data': input.toString('base64') }),
  })) as { readonly pid: number };
  return pid;
};

const untilEnd = async (libvirt: Libvirt, uuid: string, pid: number, signal: AbortSignal): Promise<Status> => {
  let pauseMs = firstPauseMs;
  let answeredMs = Date.now();
  for (;;) {
    try {
      const status = (await libvirt.agentCommand(uuid, 'guest-exec-status', { pid })) as Status;
      if (status.exited) return status;
      answeredMs = Date.now();
    } catch (error) {
      if (virshKind(error) !== 'agent_silent' || Date.now() - answeredMs > agentGoneMs) throw error;
    }
    await delay(pauseMs, undefined, { signal });
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
};

const bytesOf = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64');

/** What the guest is told to do with a program that nobody waits for any more. */
const killInGuest = (libvirt: Libvirt, uuid: string, pid: number, signal: NodeJS.Signals): void => {
  const args = { path: 'kill', arg: [`-${signal.replace('SIG', '')}`, String(pid)] };
  libvirt.agentCommand(uuid, 'guest-exec', args).catch(() => undefined);
};

/**
 * A program that the agent inside a machine runs: its input is sent at once, its output comes at its end, at most 16 MiB
 * of each. Throws `unsupported` for a terminal.
 */
export const agentExec = async (libvirt: Libvirt, guest: GuestRef, options: ExecOptions): Promise<HostProcess> => {
  const { uuid, name } = guest;
  if (options.tty !== undefined)
    throw new InnkeeperError('unsupported', `The agent inside ${name} has no terminal`, {
      hint: `inn exec -T ${name} -- …, or inn console ${name}`,
    });
  await libvirt.agentCommand(uuid, 'guest-ping', {}).catch((error) => {
    throw explained(name, error);
  });
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const stopping = new AbortController();
  let pid: number | undefined;

  const run = async (): Promise<ProcessExit> => {
    try {
      pid = await start(libvirt, uuid, options, await gather(stdin));
      const status = await untilEnd(libvirt, uuid, pid, stopping.signal);
      stdout.write(bytesOf(status['out-data']));
      stderr.write(bytesOf(status['err-data']));
      if (status['out-truncated'] === true) stderr.write('the guest agent kept the first 16 MiB of the output only\n');
      return { code: status.exitcode, signal: status.signal === undefined ? undefined : `SIG${status.signal}` };
    } catch (error) {
      if (stopping.signal.aborted) return { code: undefined, signal: 'SIGKILL' };
      stderr.write(`${complaintOf(name, error)}\n`);
      // As a shell says it of what cannot be run.
      return { code: 127, signal: undefined };
    } finally {
      stdout.end();
      stderr.end();
    }
  };

  const exit = run();
  return {
    stdin,
    stdout,
    stderr,
    exit,
    resize: () => undefined,
    kill: (signal) => {
      if (pid !== undefined) killInGuest(libvirt, uuid, pid, signal);
      if (signal === 'SIGKILL') stopping.abort();
    },
  };
};
