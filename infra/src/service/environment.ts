import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { settings as names } from '../../bin/needs.js';
import { noteChange } from '../record.ts';

/** Environment variables of the control plane by name, such as `INNKEEPER_LISTEN`. */
export type Settings = Readonly<Record<string, string>>;

const fileOf = (paths: Paths): string => `${paths.config}/environment`;

/** Those of the variables that are settings of the control plane and not empty: neither the prefix, which says where the file is, nor a client's token. */
export const settingsIn = (variables: Readonly<Record<string, string | undefined>>): Settings =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      names.includes(name) && value ? [[name, value] as const] : [],
    ),
  );

/** Quoted as systemd's EnvironmentFile wants it, see systemd.exec(5). */
export const formatSettings = (settings: Settings): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}="${value.replace(/[\\"]/g, (sign) => `\\${sign}`)}"\n`)
    .join('');

const unquote = (value: string): string =>
  value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;

export const parseSettings = (content: string): Settings =>
  settingsIn(
    Object.fromEntries(
      [...content.matchAll(/^[ \t]*([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [
        name,
        unquote(value.trim()),
      ]),
    ),
  );

/** What an earlier `up` was given, or somebody wrote into the file. */
export const readSettings = async (host: Host, paths: Paths): Promise<Settings> =>
  parseSettings((await host.files.readTextIfThere(fileOf(paths))) ?? '');

/** Kept for later starts, readable by root alone: a database's URL may hold a password. */
export const saveSettings = async (host: Host, paths: Paths, settings: Settings): Promise<void> => {
  const known = await readSettings(host, paths);
  const added = Object.fromEntries(Object.entries(settings).filter(([name, value]) => known[name] !== value));
  if (Object.keys(added).length === 0) return;
  await noteChange(host, paths, { files: [fileOf(paths)] });
  const before = (await host.files.readTextIfThere(fileOf(paths))) ?? '';
  const kept = before
    .split('\n')
    .filter((line) => line !== '' && added[/^\s*([A-Z_]+)=/.exec(line)?.[1] ?? ''] === undefined);
  await host.files.makeDirectory(paths.config, 0o750);
  await host.files.write(fileOf(paths), `${kept.map((line) => `${line}\n`).join('')}${formatSettings(added)}`, 0o600);
};
