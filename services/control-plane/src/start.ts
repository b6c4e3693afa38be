import { setMaxListeners } from 'node:events';
import { localHost, readMachine } from '@innkeeper/host';
import { insertMissingRules, openInventory } from '@innkeeper/inventory';
import type { MachineReport } from '@innkeeper/model';
import type { Logger } from 'pino';
import { keepAudit } from './access/log.ts';
import { openRefusals } from './access/refusals.ts';
import { serveStreams } from './api/streams/index.ts';
import { buildApplication } from './application.ts';
import { followBackups } from './backups/schedule.ts';
import type { Config } from './config.ts';
import type { Control } from './control.ts';
import { followDumps, isOwnDatabase, makeDump } from './dumps/dumps.ts';
import { openFleet } from './fleet/fleet.ts';
import { followMembers } from './fleet/members.ts';
import { openHerald } from './herald.ts';
import { openImageJobs } from './images/jobs.ts';
import { startAfterBoot } from './lifecycle/after-boot.ts';
import { followLives } from './lifecycle/tend.ts';
import { createLog } from './log.ts';
import { openLease, whileRenewed } from './operations/lease.ts';
import type { FaultPoints } from './operations/run.ts';
import { openWaker } from './operations/wake-waiting.ts';
import { startWorker } from './operations/worker.ts';
import { followReadiness } from './readiness/follow.ts';
import { keepInstallation } from './recovery/installation.ts';
import { rulesToShip, shippedAuthor } from './rules.ts';
import { serve } from './serve.ts';
import { followSchedules } from './snapshots/schedule.ts';
import { readPair } from './tls.ts';

export interface Running {
  readonly control: Control;
  readonly stop: () => Promise<void>;
}

export interface StartOptions {
  readonly log?: Logger;
  readonly faults?: FaultPoints;
}

/** The machine itself, which is the first host. */
const readLocal = async (config: Config): Promise<MachineReport> => {
  const host = localHost('local');
  await host.files.makeDirectory(config.paths.state, 0o711);
  return readMachine(host, config.paths.state);
};

/** Starts everything; requests are answered when this resolves. Throws `unavailable` without a database, `invalid` for a certificate that is none. */
export const startControlPlane = async (config: Config, options: StartOptions = {}): Promise<Running> => {
  const log = options.log ?? createLog(process.env.INNKEEPER_LOG_LEVEL ?? 'info');
  const { transport } = config;
  // Before anything begins: who named a certificate must not be answered without it.
  const pair = transport.kind === 'tls' && config.listen !== 'off' ? await readPair(transport) : undefined;
  const inventory = await openInventory(config.databaseUrl, {
    beforeMigrating: async () => {
      if (isOwnDatabase(config)) await makeDump({ config, log }, 'before-upgrade');
    },
  });
  const machine = await readLocal(config);
  const name = config.hostName ?? machine.hostname;
  const installation = await keepInstallation(inventory.db, config.paths);
  const lease = openLease(inventory.urgent, { ...machine, socket: config.paths.socket });
  await lease.renew();
  // Nothing is missed before they are followed: the first look finds what has happened until then.
  let tendLives = (): void => undefined;
  const refusals = openRefusals(inventory.db);
  const wakeWaiting = openWaker(inventory, log);
  const announce = openHerald(inventory, log);
  const imageJobs = openImageJobs(log);
  const ground = {
    imageJobs,
    config,
    inventory,
    installation,
    lease,
    log,
    refusals,
    announce,
    wakeWaiting,
    tendLives: () => tendLives(),
  };
  const { fleet, worker } = await whileRenewed(lease, async () => {
    await insertMissingRules(inventory.db, rulesToShip, shippedAuthor);
    const opened = await openFleet(ground, name);
    const { control } = opened;
    await control.probe(name);
    await control
      .observe(name)
      .catch((error: unknown) => log.warn({ err: error }, 'the first look at the host failed'));
    await opened.openStored();
    return { fleet: opened, worker: await startWorker(control, lease, options.faults) };
  });
  const { control } = fleet;
  const stopping = new AbortController();
  // All that is followed hears it, each with more than one listener.
  setMaxListeners(0, stopping.signal);
  const serving = await serve(control, buildApplication(control), serveStreams(control), pair);
  fleet.follow();
  await followMembers(control, fleet.openStored, stopping.signal);
  await startAfterBoot(control);
  const [tend, probe] = [followLives(control, stopping.signal), followReadiness(control, stopping.signal)];
  followDumps(control, stopping.signal);
  followSchedules(control, stopping.signal);
  followBackups(control, stopping.signal);
  keepAudit(control, stopping.signal);
  tendLives = () => {
    tend();
    probe();
  };
  log.info({ installation, host: name, socket: config.paths.socket, listen: config.listen }, 'innkeeper is up');
  return {
    control,
    stop: async () => {
      stopping.abort();
      fleet.stop();
      await imageJobs.stop();
      await serving.close();
      await worker.stop();
      await refusals.flush().catch(() => undefined);
      await inventory.close();
    },
  };
};
