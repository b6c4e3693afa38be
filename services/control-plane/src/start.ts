import { localHost, readMachine } from '@innkeeper/host';
import { ensureHost, insertMissingRules, installationId, openInventory } from '@innkeeper/inventory';
import { type Logger, pino } from 'pino';
import { serveStreams } from './api/streams/index.ts';
import { buildApplication } from './application.ts';
import type { Config } from './config.ts';
import type { Control, ManagedHost } from './control.ts';
import { openDrivers } from './drivers.ts';
import { followLives } from './lifecycle/tend.ts';
import { coalesce } from './observation/coalesce.ts';
import { followHosts, observeDriver, probeHost, startAfterBoot } from './observation/observe.ts';
import type { FaultPoints } from './operations/run.ts';
import { startWorker } from './operations/worker.ts';
import { rulesToShip, shippedAuthor } from './rules.ts';
import { serve } from './serve.ts';

export interface Running {
  readonly control: Control;
  readonly stop: () => Promise<void>;
}

export interface StartOptions {
  readonly log?: Logger;
  readonly faults?: FaultPoints;
}

/** The machine itself is the first host. */
const openLocalHost = async (config: Config): Promise<ManagedHost> => {
  const host = localHost('local');
  await host.files.makeDirectory(config.paths.state, 0o711);
  const name = config.hostName ?? (await readMachine(host, config.paths.state)).hostname;
  const environment = {
    host,
    paths: config.paths,
    acceleration: config.acceleration,
    imageMirror: config.imageMirror,
    imageCache: config.imageCache,
  };
  return { name, host, drivers: await openDrivers(config.drivers, environment) };
};

/** Starts everything; requests are answered when this resolves. Throws `unavailable` without a database. */
export const startControlPlane = async (config: Config, options: StartOptions = {}): Promise<Running> => {
  const log =
    options.log ?? pino({ level: process.env.INNKEEPER_LOG_LEVEL ?? 'info', redact: ['*.token', '*.authorization'] });
  const inventory = await openInventory(config.databaseUrl);
  const installation = await installationId(inventory.db);
  const managed = await openLocalHost(config);
  const hosts = new Map([[managed.name, managed]]);
  await ensureHost(inventory.db, managed.name, 'local');
  await insertMissingRules(inventory.db, rulesToShip, shippedAuthor);
  const observers = new Map<string, Map<string, () => Promise<void>>>();
  const observe = async (name: string, driver?: string): Promise<void> => {
    const all = [...(observers.get(name) ?? [])];
    await Promise.all(all.filter(([id]) => driver === undefined || id === driver).map(([, look]) => look()));
  };
  const probe = async (name: string): Promise<void> => {
    const one = hosts.get(name);
    if (one !== undefined) await probeHost({ inventory, config }, one);
  };
  // Nothing is missed before they are followed: the first look finds what has happened until then.
  let tendLives = (): void => undefined;
  const control: Control = {
    config,
    inventory,
    installation,
    hosts,
    log,
    observe,
    probe,
    tendLives: () => tendLives(),
  };
  for (const [name, one] of hosts) {
    observers.set(
      name,
      new Map([...one.drivers.keys()].map((id) => [id, coalesce(() => observeDriver(control, one, id))])),
    );
  }

  const stopping = new AbortController();
  await probeHost(control, managed);
  await control
    .observe(managed.name)
    .catch((error: unknown) => log.warn({ err: error }, 'the first look at the host failed'));
  const worker = await startWorker(control, await readMachine(managed.host, config.paths.state), options.faults);
  const serving = await serve(control, buildApplication(control), serveStreams(control));
  followHosts(control, stopping.signal);
  await startAfterBoot(control);
  tendLives = followLives(control, stopping.signal);
  log.info({ installation, host: managed.name, socket: config.paths.socket, listen: config.listen }, 'innkeeper is up');
  return {
    control,
    stop: async () => {
      stopping.abort();
      await serving.close();
      await worker.stop();
      await inventory.close();
    },
  };
};
