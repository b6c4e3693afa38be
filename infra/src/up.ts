import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { ensureAdminToken, waitForHost } from './first-start.ts';
import { runLab } from './lab.ts';
import { type Reporter, standardReporter } from './report.ts';
import { restoreDatabase } from './restore.ts';
import { readSettings, settingsIn } from './service/environment.ts';
import { accounts } from './setup/accounts.ts';
import { commandLink } from './setup/command-link.ts';
import { containerProfile } from './setup/container-profile.ts';
import { controlPlane } from './setup/control-plane.ts';
import { database } from './setup/database.ts';
import { directories } from './setup/directories.ts';
import { libvirt } from './setup/libvirt.ts';
import { libvirtHook } from './setup/libvirt-hook.ts';
import { withSetupLock } from './setup/lock.ts';
import { packages } from './setup/packages.ts';
import { type Ground, runSteps, type Step } from './setup/step.ts';
import { sysctl } from './setup/sysctl.ts';

export interface UpOptions {
  readonly host: Host;
  readonly paths: Paths;
  /** Directory of the built program; by default the one that this file belongs to. */
  readonly root?: string;
  readonly report?: Reporter;
  /**
   * Environment variables, such as `process.env`. Of these `DATABASE_URL` (a database of the user's own) and the other
   * settings of the control plane are taken, and kept for later starts.
   */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The manifest to apply at the end; `false` for none. Default: the example lab. */
  readonly lab?: string | false;
  /** A dump that the database is to be restored from, before the control plane is started. */
  readonly restore?: string;
}

/** Order matters: each stands on those before it. */
export const steps: readonly Step[] = [
  packages,
  accounts,
  directories,
  sysctl,
  libvirt,
  containerProfile,
  libvirtHook,
  database,
  controlPlane,
  commandLink,
];

/** The clone or /opt/innkeeper, seen from infra/src as from infra/dist. */
const ownRoot = (): string => resolve(fileURLToPath(import.meta.url), '../../..');

const requireRoot = (): void => {
  if (process.getuid?.() === 0) return;
  throw new InnkeeperError('forbidden', 'Set-up needs root', {
    hint: 'Use npm run up, which asks for it through sudo, or sudo inn up',
  });
};

export const groundOf = async (options: Omit<UpOptions, 'lab' | 'restore'>): Promise<Ground> => {
  requireRoot();
  const saved = await readSettings(options.host, options.paths);
  const { DATABASE_URL, ...settings } = { ...saved, ...settingsIn(options.environment ?? {}) };
  return {
    host: options.host,
    paths: options.paths,
    root: options.root ?? ownRoot(),
    report: options.report ?? standardReporter(),
    databaseUrl: DATABASE_URL,
    settings,
  };
};

/** Sets this machine up, starts everything and runs the main job. A second run finds nothing to do. */
export const up = async (options: UpOptions): Promise<{ readonly changed: readonly string[] }> => {
  const ground = await groundOf(options);
  const { restore } = options;
  const changed = await withSetupLock(ground.host, ground.paths, async () => {
    if (restore === undefined) return runSteps(steps, ground);
    const until = steps.indexOf(controlPlane);
    const before = await runSteps(steps.slice(0, until), ground);
    await restoreDatabase(ground, restore);
    return [...before, ...(await runSteps(steps.slice(until), ground))];
  });
  await waitForHost(ground);
  await ensureAdminToken(ground);
  if (options.lab !== false) await runLab(ground, options.lab);
  return { changed };
};
