import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { endProcess, findProcess, type ProcessFacts, readPid } from '../process.ts';
import { waitFor } from '../wait.ts';
import { asDatabaseUser, type Cluster } from './cluster.ts';
import { databaseLogs, socketFile } from './configuration.ts';

/** The first process of the server of this data directory, and nothing else that got its pid since. */
export const findServer = async (host: Host, paths: Paths): Promise<ProcessFacts | undefined> => {
  const pid = await readPid(host, `${paths.databaseData}/postmaster.pid`);
  const found = pid === undefined ? undefined : await findProcess(host, pid);
  return found?.command === 'postgres' && found.argv.includes(paths.databaseData) ? found : undefined;
};

/** The last line of postmaster.pid says `ready` when the server takes connections (PostgreSQL's LOCK_FILE_LINE_PM_STATUS). */
const isReady = async (host: Host, paths: Paths): Promise<true | undefined> => {
  const lines = (await host.files.readTextIfThere(`${paths.databaseData}/postmaster.pid`))?.trim().split('\n') ?? [];
  return lines[7]?.trim() === 'ready' ? true : undefined;
};

/** The server of this data directory, when it takes connections. One that is still recovering is waited for. */
export const findReadyServer = async (host: Host, paths: Paths, limitMs = 0): Promise<ProcessFacts | undefined> => {
  const found = await findServer(host, paths);
  if (found === undefined) return undefined;
  return (await waitFor(() => isReady(host, paths), { limitMs, everyMs: 50 })) ? found : undefined;
};

/**
 * After kill -9 the pid file stays. PostgreSQL removes it itself unless another process of the same user has that pid
 * by now; then it refuses to start for ever, so what is known to be stale is removed here.
 */
export const removeStale = async (host: Host, paths: Paths): Promise<void> => {
  if (await findServer(host, paths)) return;
  for (const file of [`${paths.databaseData}/postmaster.pid`, socketFile(paths), `${socketFile(paths)}.lock`]) {
    await host.files.remove(file);
  }
};

const startLog = (paths: Paths): string => `${databaseLogs(paths)}/start.log`;

const pgCtl = ({ binaries, data }: Cluster, ...words: readonly string[]): string[] => [
  `${binaries.directory}/bin/pg_ctl`,
  '-D',
  data,
  ...words,
];

const startOnce = async (host: Host, paths: Paths, cluster: Cluster): Promise<true | undefined> => {
  await removeStale(host, paths);
  await host.files.remove(startLog(paths));
  const start = pgCtl(cluster, '-l', startLog(paths), '-s', '-w', '-t', '120', 'start');
  const { exitCode } = await host.run(asDatabaseUser(cluster.account, start), {
    expect: [0, 1],
    timeoutMs: 130_000,
    cwd: '/',
  });
  if (exitCode === 0) return true;
  const log = (await host.files.readTextIfThere(startLog(paths))) ?? '';
  // The children of a killed server notice its end within a second or so and still hold its shared memory until then.
  if (/shared memory block .* still in use/.test(log)) return undefined;
  throw new InnkeeperError('host_error', `The database did not start: ${lastLine(log)}`, {
    detail: log.slice(-4000),
    hint: `Look at ${startLog(paths)}`,
  });
};

const lastLine = (log: string): string =>
  log
    .split('\n')
    .filter((line) => /FATAL|PANIC|ERROR/.test(line))
    .at(-1)
    ?.replace(/^.*?(FATAL|PANIC|ERROR): +/, '') ?? 'no reason was logged';

/** Starts the server as a daemon of its own: it outlives the control plane. */
export const startServer = async (host: Host, paths: Paths, cluster: Cluster): Promise<void> => {
  if (await waitFor(() => startOnce(host, paths, cluster), { limitMs: 20_000, everyMs: 300 })) return;
  throw new InnkeeperError(
    'host_error',
    'The database did not start: processes of a killed server still hold its memory',
    {
      hint: `End them first; their data directory is ${paths.databaseData}`,
    },
  );
};

/** SIGINT is PostgreSQL's fast shutdown: sessions are ended, nothing is lost. False when no server ran. */
export const stopServer = async (host: Host, paths: Paths): Promise<boolean> => {
  const found = await findServer(host, paths);
  if (found === undefined) return false;
  await endProcess(host, found, { first: 'SIGINT', graceMs: 60_000, last: 'SIGQUIT' });
  return true;
};
