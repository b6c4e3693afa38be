import { databaseUrlFor } from '../database/configuration.ts';
import { saveDatabaseUrl, savedDatabaseUrl } from '../service/environment.ts';
import { usesUnits } from '../service/units.ts';
import { type ControlPlaneOptions, isControlPlaneCurrent, startControlPlane } from '../service.ts';
import type { Ground, Step } from './step.ts';

export const controlPlaneOptions = ({ host, paths, root, databaseUrl }: Ground): ControlPlaneOptions => ({
  host,
  paths,
  root,
  databaseUrl: databaseUrl ?? databaseUrlFor(paths),
});

const isSaved = async ({ host, paths, databaseUrl }: Ground): Promise<boolean> =>
  databaseUrl === undefined || (await savedDatabaseUrl(host, paths)) === databaseUrl;

export const controlPlane: Step = {
  name: 'control plane',
  why: 'the API, the page and everything that is done to guests',
  check: async (ground) =>
    (await isSaved(ground)) && (await isControlPlaneCurrent(controlPlaneOptions(ground)))
      ? { done: true, text: `this build answers on ${ground.paths.socket}` }
      : { done: false, text: 'starting' },
  apply: async (ground) => {
    const { host, paths, databaseUrl } = ground;
    if (databaseUrl !== undefined) await saveDatabaseUrl(host, paths, databaseUrl);
    await startControlPlane(controlPlaneOptions(ground));
    const how = (await usesUnits(host, paths)) ? 'innkeeper.service, started at boot' : 'as a daemon';
    return `started (${how}), answers on ${paths.socket}`;
  },
};
