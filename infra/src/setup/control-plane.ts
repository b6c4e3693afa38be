import { databaseUrlFor } from '../database/configuration.ts';
import { readSettings, type Settings, saveSettings } from '../service/environment.ts';
import { usesUnits } from '../service/units.ts';
import { type ControlPlaneOptions, isControlPlaneCurrent, startControlPlane } from '../service.ts';
import type { Ground, Step } from './step.ts';

export const controlPlaneOptions = ({ host, paths, root, databaseUrl, settings }: Ground): ControlPlaneOptions => ({
  host,
  paths,
  root,
  databaseUrl: databaseUrl ?? databaseUrlFor(paths),
  settings,
});

/** What has to outlive this call: the embedded database is found again without being named. */
const lasting = ({ databaseUrl, settings }: Ground): Settings => ({
  ...settings,
  ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
});

const isSaved = async (ground: Ground): Promise<boolean> => {
  const saved = await readSettings(ground.host, ground.paths);
  return Object.entries(lasting(ground)).every(([name, value]) => saved[name] === value);
};

export const controlPlane: Step = {
  name: 'control plane',
  why: 'the API, the page and everything that is done to guests',
  check: async (ground) =>
    (await isSaved(ground)) && (await isControlPlaneCurrent(controlPlaneOptions(ground)))
      ? { done: true, text: `this build answers on ${ground.paths.socket}` }
      : { done: false, text: 'starting' },
  apply: async (ground) => {
    const { host, paths } = ground;
    await saveSettings(host, paths, lasting(ground));
    await startControlPlane(controlPlaneOptions(ground));
    const how = (await usesUnits(host, paths)) ? 'innkeeper.service, started at boot' : 'as a daemon';
    return `started (${how}), answers on ${paths.socket}`;
  },
};
