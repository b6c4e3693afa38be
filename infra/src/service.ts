import { isDeepStrictEqual } from 'node:util';
import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { callApi } from './api.ts';
import { databaseUrlFor } from './database/configuration.ts';
import { buildId } from './service/build-id.ts';
import {
  findControlPlane,
  isSameProgram,
  logFile,
  logTail,
  type Program,
  startDaemon,
  stopDaemon,
} from './service/daemon.ts';
import type { Settings } from './service/environment.ts';
import { installedBuildId, installedProgram, installProgram } from './service/program.ts';
import {
  controlPlaneUnit,
  isControlPlaneUnitCurrent,
  isUnitActive,
  runningSettings,
  startControlPlaneUnit,
  stopControlPlaneUnit,
  unitRestarts,
  usesUnits,
} from './service/units.ts';
import { waitFor } from './wait.ts';

export interface ControlPlaneOptions {
  readonly host: Host;
  readonly paths: Paths;
  /** Directory of the built program. */
  readonly root: string;
  readonly databaseUrl: string;
  /** Further environment variables of it. */
  readonly settings?: Settings;
}

const isReady = async (paths: Paths): Promise<true | undefined> => {
  try {
    return (await callApi(paths.socket, { path: '/readyz', timeoutMs: 5000 })).status === 200 ? true : undefined;
  } catch {
    return undefined;
  }
};

/** A password in the unit would be readable by everybody, so a database of the user's own stands in /etc/innkeeper/environment. */
const unitOf = (paths: Paths) => ({
  node: process.execPath,
  program: installedProgram,
  databaseUrl: databaseUrlFor(paths),
});

const environmentOf = ({ databaseUrl, settings }: ControlPlaneOptions): Settings => ({
  ...settings,
  DATABASE_URL: databaseUrl,
});

const programOf = async (options: ControlPlaneOptions): Promise<Program> => ({
  root: options.root,
  build: await buildId(options.host, options.root),
  environment: environmentOf(options),
});

const isUnitUpToDate = async (options: ControlPlaneOptions): Promise<boolean> => {
  const { host, paths, root } = options;
  return (
    (await isUnitActive(host, controlPlaneUnit)) &&
    isDeepStrictEqual(await runningSettings(host), environmentOf(options)) &&
    (await isControlPlaneUnitCurrent(host, unitOf(paths))) &&
    (root === installedProgram || (await installedBuildId(host)) === (await buildId(host, root)))
  );
};

const isDaemonUpToDate = async (options: ControlPlaneOptions): Promise<boolean> =>
  (await findControlPlane(options.host, options.paths)) !== undefined &&
  (await isSameProgram(options.host, options.paths, await programOf(options)));

/** Whether a control plane of this very build answers. */
export const isControlPlaneCurrent = async (options: ControlPlaneOptions): Promise<boolean> => {
  const current = (await usesUnits(options.host, options.paths)) ? isUnitUpToDate : isDaemonUpToDate;
  return (await current(options)) && (await isReady(options.paths)) === true;
};

/** Under software emulation, or while other guests start, libvirt's first answers alone take half a minute. */
const readyLimitMs = 300_000;
/** Once may be a database that was a moment late. */
const tolerableRestarts = 3;

const notReady = async ({ host, paths }: ControlPlaneOptions, what: string): Promise<never> => {
  const units = await usesUnits(host, paths);
  const tail = units
    ? (
        await host.run(['journalctl', '-u', controlPlaneUnit, '-n', '20', '--no-pager', '-o', 'cat'], {
          expect: [0, 1],
        })
      ).stdout
    : await logTail(host, paths);
  throw new InnkeeperError('unavailable', `The control plane ${what}. The end of its log:\n${tail.trim()}`, {
    hint: units ? `Look at: journalctl -u ${controlPlaneUnit}` : `Look at ${logFile(paths)}`,
  });
};

const waitUntilReady = async (options: ControlPlaneOptions, isAlive: () => Promise<boolean>): Promise<void> => {
  const answer = await waitFor(
    async () => ((await isReady(options.paths)) ? 'ready' : (await isAlive()) ? undefined : 'ended'),
    { limitMs: readyLimitMs, everyMs: 250 },
  );
  if (answer === 'ended') await notReady(options, 'ended while it started');
  if (answer === undefined) await notReady(options, `was started and is not ready after ${readyLimitMs / 1000} s`);
};

const startAsUnit = async (options: ControlPlaneOptions): Promise<void> => {
  const { host, paths, root } = options;
  await installProgram(host, root);
  await startControlPlaneUnit(host, paths, unitOf(paths));
  // Restart=always keeps trying, so one that cannot start is told by how often it was tried.
  await waitUntilReady(options, async () => (await unitRestarts(host, controlPlaneUnit)) < tolerableRestarts);
};

const startByHand = async (options: ControlPlaneOptions): Promise<void> => {
  const { host, paths } = options;
  const entry = `${options.root}/services/control-plane/dist/main.js`;
  if (!(await host.files.facts(entry))) {
    throw new InnkeeperError('unavailable', `The control plane is not built: ${entry} is missing`, {
      hint: 'Run npm run build',
    });
  }
  await stopDaemon(host, paths);
  await startDaemon(host, paths, await programOf(options));
  await waitUntilReady(options, async () => (await findControlPlane(host, paths)) !== undefined);
};

/** Makes a control plane of this build run and answer; false when one did already. */
export const startControlPlane = async (options: ControlPlaneOptions): Promise<boolean> => {
  if (await isControlPlaneCurrent(options)) return false;
  if (await usesUnits(options.host, options.paths)) await startAsUnit(options);
  else await startByHand(options);
  return true;
};

/** Stops it; false when none ran. Guests run on. */
export const stopControlPlane = async ({
  host,
  paths,
}: Pick<ControlPlaneOptions, 'host' | 'paths'>): Promise<boolean> => {
  if (!(await usesUnits(host, paths))) return stopDaemon(host, paths);
  const ran = await isUnitActive(host, controlPlaneUnit);
  await stopControlPlaneUnit(host);
  return ran;
};
