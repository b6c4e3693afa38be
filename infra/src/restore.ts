import { dumpToFile, restoreFromFile } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { ensureDatabase } from './database.ts';
import { stopControlPlane } from './service.ts';
import type { Ground } from './setup/step.ts';

/** What the database is now, before it is replaced: a wrong choice can be taken back. */
const keepPresent = async ({ host, paths, report }: Ground, url: string): Promise<void> => {
  const folder = `${paths.state}/dumps`;
  await host.files.makeDirectory(folder, 0o700);
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const path = `${folder}/innkeeper-${stamp}-before-restore.dump.gz`;
  if (await dumpToFile(url, path)) report.done('dump', `what the database is now is kept in ${path}`);
};

/**
 * Makes the embedded database what it was when a dump was made. The control plane is stopped; guests run on. A dump that is
 * damaged or of a newer version changes nothing: `invalid`, `conflict`. Throws `conflict` for a database of the user's own.
 */
export const restoreDatabase = async (ground: Ground, file: string): Promise<void> => {
  const { host, paths, report, databaseUrl } = ground;
  if (databaseUrl !== undefined)
    throw new InnkeeperError(
      'conflict',
      'The database is the one of DATABASE_URL, which is restored by its own tools',
      {
        hint: 'pg_restore, then inn recover',
      },
    );
  report.progress('restore', `from ${file}`);
  await stopControlPlane({ host, paths });
  const { url } = await ensureDatabase(host, paths);
  await keepPresent(ground, url);
  const { takenAt } = await restoreFromFile(url, file);
  report.done('restore', `the database is that of ${takenAt}; inn recover shows what the hosts know more`);
};
