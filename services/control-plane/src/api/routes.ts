import type { Control } from '../control.ts';
import { addAccess } from './access.ts';
import { addAdoptions } from './adoptions.ts';
import type { App } from './app.ts';
import { addBackupExports } from './backup-exports.ts';
import { addBackupFiles } from './backup-files.ts';
import { addBackupTargets } from './backup-targets.ts';
import { addBackups } from './backups.ts';
import { addConversions } from './conversions.ts';
import { addDiffs } from './diffs.ts';
import { addDumps } from './dumps.ts';
import { addHostStates } from './host-states.ts';
import { addHosts } from './hosts.ts';
import { addImages } from './images.ts';
import { addMachine } from './machine.ts';
import { addNetworks } from './networks.ts';
import { addOperations } from './operations.ts';
import { addPlacements } from './placements.ts';
import { addPools } from './pools.ts';
import { addRecovery } from './recovery.ts';
import { addRules } from './rules.ts';
import { addScreens } from './screens.ts';
import { addSnapshots } from './snapshots.ts';
import { addWorkloads } from './workloads.ts';

/** All routes that answer JSON; registered as statements, since chained types cost the compiler seconds. */
export const addRoutes = (app: App, control: Control): void => {
  addWorkloads(app, control);
  addAdoptions(app, control);
  addConversions(app, control);
  addSnapshots(app, control);
  addBackups(app, control);
  addBackupFiles(app, control);
  addBackupExports(app, control);
  addBackupTargets(app, control);
  addScreens(app, control);
  addPlacements(app, control);
  addRules(app, control);
  addNetworks(app, control);
  addOperations(app, control);
  addHosts(app, control);
  addHostStates(app, control);
  addPools(app, control);
  addRecovery(app, control);
  addDiffs(app, control);
  addDumps(app, control);
  addImages(app, control);
  addMachine(app, control);
  addAccess(app, control);
};

export const openApiDocument = (app: App) =>
  app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Innkeeper', version: '0.1.0', license: { name: 'MIT' } },
  });
