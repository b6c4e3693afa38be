import { setTimeout as delay } from 'node:timers/promises';
import { isLostWrite } from '@innkeeper/inventory';
import { toInnkeeperError } from '@innkeeper/model';
import { readConfig } from './config.ts';
import { createLog } from './log.ts';
import { type Running, startControlPlane } from './start.ts';

const retryMs = 1000;
const log = createLog(process.env.INNKEEPER_LOG_LEVEL ?? 'info');

/** The one setting that may be said on the command line as well, so that nobody uses it without seeing it. */
const environment = process.argv.includes('--insecure-behind-proxy')
  ? { ...process.env, INNKEEPER_INSECURE_BEHIND_PROXY: 'on' }
  : process.env;

/** A database that is still starting is waited for: service managers start both at once. */
const startWhenPossible = async (): Promise<Running> => {
  for (;;) {
    try {
      return await startControlPlane(readConfig(environment), { log });
    } catch (error) {
      const known = toInnkeeperError(error);
      if (known.code !== 'unavailable') throw error;
      log.warn({ reason: known.message }, 'waiting for the database');
      await delay(retryMs);
    }
  }
};

// A connection that breaks at the wrong moment must not end the process: guests and their operations depend on it.
process.on('uncaughtException', (error) => {
  if (isLostWrite(error))
    return log.warn({ err: error }, 'a connection to the database was lost while it was written to');
  log.fatal({ err: error }, 'a defect');
  process.exit(1);
});
process.on('unhandledRejection', (error) => log.error({ err: error }, 'a failure nobody waited for'));

try {
  const running = await startWhenPossible();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void running.stop().then(() => process.exit(0)));
  }
} catch (error) {
  const known = toInnkeeperError(error);
  log.fatal({ err: error, hint: known.hint }, known.message);
  process.exitCode = 1;
}
