import { randomUUID } from 'node:crypto';
import { InnkeeperError } from '@innkeeper/model';
import { textOf } from '../execute.ts';
import type { DaemonOptions } from '../host.ts';
import { judge } from '../run.ts';
import type { Connection } from './connection.ts';
import { executeOver } from './execute.ts';

/**
 * LOG PIDFILE BESIDE PROGRAM ARGUMENT..., PIDFILE empty for none. In a session of its own it gets no SIGHUP from anywhere,
 * so nohup, which would leave that signal ignored, is not needed. setsid(1) and the program take the place of the shell
 * that is started in the background: its process id is the program's.
 */
const script = `log=$1 pidfile=$2 beside=$3
shift 3
command -v -- "$1" >/dev/null || exit 127
(umask 027; : >>"$log") || exit 1
setsid -- "$@" >>"$log" 2>&1 </dev/null &
pid=$!
if [ -n "$pidfile" ]; then (umask 077; printf '%s\\n' "$pid" >"$beside" && mv -T -- "$beside" "$pidfile") || exit 1; fi
echo "$pid"`;

/** {@link Host.daemon} over ssh. */
export const startDaemonOver = async (
  connection: Connection,
  argv: readonly string[],
  options: DaemonOptions,
): Promise<number> => {
  const [program = ''] = argv;
  const { log, pidFile = '', env, cwd } = options;
  const starting = ['sh', '-c', script, 'daemon', log, pidFile, `${pidFile}.${randomUUID()}`, ...argv];
  const ending = await executeOver(connection, starting, {
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (ending.exitCode === 127)
    throw new InnkeeperError('host_error', `${program} did not start: there is no such program`);
  judge(argv, {}, ending);
  return Number(textOf(ending.stdout));
};
