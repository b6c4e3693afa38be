import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { execa } from 'execa';
import { watchPaths } from './changes.ts';
import { minimalEnvironment } from './environment.ts';
import { localFiles } from './files.ts';
import type { DaemonOptions, Host, SpawnOptions } from './host.ts';
import { readLines } from './lines.ts';
import { spawnPiped, spawnTerminal } from './process.ts';
import { runProgram } from './run.ts';
import { openTerminal } from './terminal.ts';

const connectSocketTo = (
  to: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const socket = connectSocket(to);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });

/** Detached, in a session of its own, so that it outlives this process and its terminal. */
const startDaemon = async (argv: readonly string[], options: DaemonOptions): Promise<number> => {
  const [program = '', ...args] = argv;
  const log = createWriteStream(options.log, { flags: 'a', mode: 0o640 });
  await once(log, 'open');
  const child = execa(program, args, {
    detached: true,
    cleanup: false,
    stdio: ['ignore', log, log],
    extendEnv: false,
    env: minimalEnvironment(options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    reject: false,
  });
  log.destroy();
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} did not start`);
  if (options.pidFile !== undefined) await localFiles.write(options.pidFile, `${pid}\n`);
  return pid;
};

/** The machine this process runs on. */
export const localHost = (id: string = randomUUID()): Host => ({
  id,
  files: localFiles,
  run: runProgram,
  spawn: (argv, options: SpawnOptions = {}) =>
    options.tty === undefined ? spawnPiped(argv, options) : spawnTerminal(argv, options, options.tty),
  lines: readLines,
  changes: watchPaths,
  daemon: startDaemon,
  connect: (target) => {
    if ('terminal' in target) return openTerminal(target.terminal);
    return connectSocketTo(
      'socket' in target ? { path: target.socket } : { host: target.tcp.address, port: target.tcp.port },
    );
  },
});
