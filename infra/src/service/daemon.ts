import { createHash } from 'node:crypto';
import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths, prefixVariable } from '@innkeeper/model';
import { endProcess, findProcess, type ProcessFacts, readPid } from '../process.ts';
import type { Settings } from './environment.ts';

/** What the control plane is started from. */
export interface Program {
  readonly root: string;
  readonly build: string;
  readonly environment: Settings;
}

const entry = (root: string): string => `${root}/services/control-plane/dist/main.js`;
export const pidFile = (paths: Paths): string => `${paths.run}/innkeeper.pid`;
export const logFile = (paths: Paths): string => `${paths.logs}/innkeeper.log`;
const startedFile = (paths: Paths): string => `${paths.run}/innkeeper.started.json`;

interface Started {
  readonly pid: number;
  readonly startTicks: number;
  readonly identity: string;
}

/** Changes with the build and with what it is started with; the URL's password is not to be read from it. */
const identityOf = ({ root, build, environment }: Program): string =>
  createHash('sha256')
    .update(JSON.stringify([root, build, Object.entries(environment).sort(), process.execPath]))
    .digest('hex')
    .slice(0, 16);

const readStarted = async (host: Host, paths: Paths): Promise<Started | undefined> => {
  const text = await host.files.readTextIfThere(startedFile(paths));
  return text === undefined ? undefined : (JSON.parse(text) as Started);
};

/** The control plane of these paths, and nothing else that got its pid since. */
export const findControlPlane = async (host: Host, paths: Paths): Promise<ProcessFacts | undefined> => {
  const pid = await readPid(host, pidFile(paths));
  const found = pid === undefined ? undefined : await findProcess(host, pid);
  if (found === undefined) return undefined;
  const started = await readStarted(host, paths);
  if (started?.pid === found.pid) return started.startTicks === found.startTicks ? found : undefined;
  // Killed between its start and the record of it: the program's name has to do.
  return found.argv.some((word) => word.endsWith(entry(''))) ? found : undefined;
};

/** Whether the running one is of this build and database. */
export const isSameProgram = async (host: Host, paths: Paths, program: Program): Promise<boolean> =>
  (await readStarted(host, paths))?.identity === identityOf(program);

const largestLog = 10_000_000;

const rotateLog = async (host: Host, paths: Paths): Promise<void> => {
  const facts = await host.files.facts(logFile(paths));
  if (facts !== undefined && facts.size > largestLog) await host.files.rename(logFile(paths), `${logFile(paths)}.1`);
};

/** Starts the control plane in a session of its own. */
export const startDaemon = async (host: Host, paths: Paths, program: Program): Promise<ProcessFacts> => {
  await rotateLog(host, paths);
  const pid = await host.daemon([process.execPath, entry(program.root)], {
    log: logFile(paths),
    pidFile: pidFile(paths),
    cwd: '/',
    env: {
      NODE_ENV: 'production',
      ...program.environment,
      ...(paths.prefix === '' ? {} : { [prefixVariable]: paths.prefix }),
    },
  });
  const found = await findProcess(host, pid);
  if (found === undefined) throw new InnkeeperError('host_error', 'The control plane ended at once');
  const started: Started = { pid, startTicks: found.startTicks, identity: identityOf(program) };
  await host.files.write(startedFile(paths), `${JSON.stringify(started)}\n`, 0o644);
  return found;
};

/** SIGTERM lets it finish its steps; false when none ran. */
export const stopDaemon = async (host: Host, paths: Paths): Promise<boolean> => {
  const found = await findControlPlane(host, paths);
  if (found !== undefined) await endProcess(host, found, { graceMs: 30_000 });
  await host.files.remove(pidFile(paths));
  await host.files.remove(startedFile(paths));
  return found !== undefined;
};

/** The last lines of its log, for an error. */
export const logTail = async (host: Host, paths: Paths): Promise<string> =>
  ((await host.files.readTextIfThere(logFile(paths))) ?? '').trimEnd().split('\n').slice(-20).join('\n');
