import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { type Binaries, knownBinaries, removeOldBinaries } from './database/binaries.ts';
import { prepareCluster } from './database/cluster.ts';
import { databaseUrlFor } from './database/configuration.ts';
import { findReadyServer, findServer, removeStale, startServer, stopServer } from './database/server.ts';
import { startDatabaseUnit, stopDatabaseUnit, usesUnits } from './service/units.ts';

export interface Database {
  readonly url: string;
  /** Whether this call started it. */
  readonly started: boolean;
}

export interface DatabaseOptions {
  /** `DATABASE_URL`: a server of the user's own. Nothing is started then. */
  readonly external?: string | undefined;
}

/** Whether the running server is of the binaries that this program brings. */
const isCurrent = (argv: readonly string[], binaries: Binaries): boolean =>
  argv[0]?.startsWith(`${binaries.directory}/`) ?? false;

/**
 * A PostgreSQL for the control plane: the user's own, else the embedded one, started when it does not run. A live one is
 * used as it is; one of an earlier minor version is restarted.
 */
export const ensureDatabase = async (host: Host, paths: Paths, options: DatabaseOptions = {}): Promise<Database> => {
  if (options.external !== undefined) return { url: options.external, started: false };
  const cluster = await prepareCluster(host, paths);
  const url = databaseUrlFor(paths);
  const running = await findReadyServer(host, paths, 60_000);
  if (running !== undefined && isCurrent(running.argv, cluster.binaries)) return { url, started: false };
  if (running !== undefined) await stopDatabase(host, paths);
  await removeStale(host, paths);
  if (await usesUnits(host, paths)) await startDatabaseUnit(host, paths, cluster);
  else await startServer(host, paths, cluster);
  await removeOldBinaries(host, paths, cluster.binaries);
  return { url, started: true };
};

/** Whether the embedded database takes connections and is of the binaries that this program brings. */
export const isDatabaseCurrent = async (host: Host, paths: Paths): Promise<boolean> => {
  const running = await findReadyServer(host, paths);
  return running !== undefined && isCurrent(running.argv, await knownBinaries(host, paths));
};

/** Stops the embedded database; false when it did not run. Its data stays. */
export const stopDatabase = async (host: Host, paths: Paths): Promise<boolean> => {
  const ran = (await findServer(host, paths)) !== undefined;
  if (await usesUnits(host, paths)) await stopDatabaseUnit(host);
  await stopServer(host, paths);
  return ran;
};
