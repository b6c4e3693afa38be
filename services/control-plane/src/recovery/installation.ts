import { type Host, localHost } from '@innkeeper/host';
import { type Db, installationId } from '@innkeeper/inventory';
import type { Paths } from '@innkeeper/model';
import { z } from 'zod';

const fileOf = ({ state }: Pick<Paths, 'state'>): string => `${state}/installation`;

/** The machine remembers the id too: a database that is made anew gets it again, and the guests on the hosts stay ours. */
export const rememberInstallation = (
  paths: Pick<Paths, 'state'>,
  id: string,
  host = localHost('local'),
): Promise<void> => host.files.write(fileOf(paths), `${id}\n`, 0o600);

const remembered = async (host: Host, paths: Pick<Paths, 'state'>): Promise<string | undefined> => {
  const text = (await host.files.readTextIfThere(fileOf(paths)))?.trim();
  return z.uuid().safeParse(text).data;
};

/** The id of this installation: the database's, else the one that the state directory remembers, else a new one. */
export const keepInstallation = async (db: Db, paths: Pick<Paths, 'state'>): Promise<string> => {
  const host = localHost('local');
  const earlier = await remembered(host, paths);
  const id = await installationId(db, earlier);
  if (id !== earlier) await rememberInstallation(paths, id, host);
  return id;
};
