import { localHost } from '@innkeeper/host';
import { dumpToFile } from '@innkeeper/inventory';
import { type DumpView, InnkeeperError } from '@innkeeper/model';
import type { Config } from '../config.ts';
import type { Control } from '../control.ts';
import { lookAgainAndAgain } from '../lifecycle/again.ts';
import { isDue, outdated } from './due.ts';

type Ground = Pick<Control, 'config' | 'log'>;

/** `innkeeper-20251126T031500Z.dump.gz`, `innkeeper-20251126T031500Z-before-upgrade.dump.gz` */
const pattern = /^innkeeper-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(?:-([a-z-]+))?\.dump\.gz$/;

const folderOf = ({ paths }: Pick<Config, 'paths'>): string => `${paths.state}/dumps`;

const nameFor = (now: Date, why: string | undefined): string => {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '');
  return `innkeeper-${stamp}${why === undefined ? '' : `-${why}`}.dump.gz`;
};

/** Whether the database is the one that Innkeeper brings: one of the user's own has backups of its own. */
export const isOwnDatabase = ({ databaseUrl, paths }: Pick<Config, 'databaseUrl' | 'paths'>): boolean =>
  new URL(databaseUrl).searchParams.get('host') === paths.databaseSocket;

export interface DumpFile {
  readonly file: string;
  readonly takenAt: Date;
  readonly why: string | undefined;
}

/** Newest first. */
export const listDumps = async (config: Pick<Config, 'paths'>): Promise<DumpFile[]> => {
  const names = await localHost('local').files.list(folderOf(config));
  return names
    .flatMap((file): DumpFile[] => {
      const [, year, month, day, hour, minute, second, why] = pattern.exec(file) ?? [];
      if (year === undefined) return [];
      return [{ file, why, takenAt: new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) }];
    })
    .sort((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
};

export const dumpViews = async (config: Pick<Config, 'paths'>): Promise<DumpView[]> => {
  const { files } = localHost('local');
  const found: DumpView[] = [];
  for (const { file, takenAt, why } of await listDumps(config)) {
    const path = `${folderOf(config)}/${file}`;
    const bytes = (await files.facts(path))?.size;
    if (bytes === undefined) continue;
    found.push({ path, takenAt: takenAt.toISOString(), bytes, ...(why === undefined ? {} : { why }) });
  }
  return found;
};

let last: Promise<unknown> = Promise.resolve();
let waiting: { readonly why: string | undefined; readonly made: Promise<string | undefined> } | undefined;

/**
 * Makes one now, and removes those that are kept no longer. One after the other, since two within a second have one name;
 * who asks while one waits for its turn gets that one. Undefined when there is nothing to dump yet; throws `conflict` for a database of the
 * user's own.
 */
export const makeDump = (ground: Ground, why?: string, now = new Date()): Promise<string | undefined> => {
  if (waiting !== undefined && waiting.why === why) return waiting.made;
  const made = last.then(() => {
    if (waiting?.made === made) waiting = undefined;
    return makeOne(ground, why, now);
  });
  waiting = { why, made };
  last = made.catch(() => undefined);
  return made;
};

const makeOne = async ({ config, log }: Ground, why: string | undefined, now: Date): Promise<string | undefined> => {
  if (!isOwnDatabase(config))
    throw new InnkeeperError('conflict', 'The database is one of your own, of which Innkeeper makes no dumps', {
      hint: 'pg_dump of your PostgreSQL does; pg_restore brings it back, and inn recover shows what hosts know more',
    });
  const { files } = localHost('local');
  await files.makeDirectory(folderOf(config), 0o700);
  const path = `${folderOf(config)}/${nameFor(now, why)}`;
  if (!(await dumpToFile(config.databaseUrl, path))) return undefined;
  for (const { file } of outdated(await listDumps(config), now)) await files.remove(`${folderOf(config)}/${file}`);
  log.info({ path }, 'the database was dumped');
  return path;
};

/** Once in a night, until the signal fires. */
export const followDumps = (control: Ground, signal: AbortSignal): void => {
  if (!isOwnDatabase(control.config)) return;
  lookAgainAndAgain(control, signal, 'the nightly dump of the database failed', async () => {
    const [newest] = await listDumps(control.config);
    if (isDue(newest?.takenAt, new Date())) await makeDump(control);
    return undefined;
  });
};
