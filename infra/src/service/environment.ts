import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { noteChange } from '../record.ts';

const fileOf = (paths: Paths): string => `${paths.config}/environment`;

/** Quoted as systemd's EnvironmentFile wants it, see systemd.exec(5). */
export const formatSetting = (value: string): string => `"${value.replace(/[\\"]/g, (sign) => `\\${sign}`)}"`;

export const parseSetting = (content: string, name: string): string | undefined => {
  const value = new RegExp(`^\\s*${name}=(.*)$`, 'm').exec(content)?.[1]?.trim();
  if (value === undefined || value === '') return undefined;
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
};

/** The database of the user's own that an earlier `up` was given, or that was written into the file by hand. */
export const savedDatabaseUrl = async (host: Host, paths: Paths): Promise<string | undefined> =>
  parseSetting((await host.files.readTextIfThere(fileOf(paths))) ?? '', 'DATABASE_URL');

/** Kept for later starts, readable by root alone: it may hold a password. */
export const saveDatabaseUrl = async (host: Host, paths: Paths, url: string): Promise<void> => {
  if ((await savedDatabaseUrl(host, paths)) === url) return;
  await noteChange(host, paths, { files: [fileOf(paths)] });
  const before = (await host.files.readTextIfThere(fileOf(paths))) ?? '';
  const others = before.split('\n').filter((line) => line !== '' && !/^\s*DATABASE_URL=/.test(line));
  await host.files.makeDirectory(paths.config, 0o750);
  await host.files.write(fileOf(paths), `${[...others, `DATABASE_URL=${formatSetting(url)}`].join('\n')}\n`, 0o600);
};
