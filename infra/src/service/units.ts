import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import type { Cluster } from '../database/cluster.ts';
import { databaseLogs, databaseUser } from '../database/configuration.ts';
import { hasSystemd } from '../machine.ts';
import { noteChange } from '../record.ts';
import { type Settings, settingsIn } from './environment.ts';

const unitDirectory = '/etc/systemd/system';
const temporaryFiles = '/etc/tmpfiles.d/innkeeper.conf';
export const controlPlaneUnit = 'innkeeper.service';
/** Asks guests to stop when the machine shuts down; it outlives `down`, since guests do. */
const guestsUnit = 'innkeeper-guests.service';
const databaseUnit = 'innkeeper-database.service';

/** Units belong to the machine's own installation: one with a prefix is a test or a second one, and starts by hand. */
export const usesUnits = async (host: Host, paths: Paths): Promise<boolean> =>
  paths.prefix === '' && (await hasSystemd(host));

/** infra/systemd, seen from src/service as from dist/service. */
const templates = `${dirname(dirname(dirname(fileURLToPath(import.meta.url))))}/systemd`;

/** Fills `@NAME@`; a percent sign starts a specifier of systemd's and is doubled. */
export const fillUnit = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/@([A-Z_]+)@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the unit template asks for ${name}`);
    return value.replaceAll('%', '%%');
  });

const installFile = async (host: Host, paths: Paths, path: string, content: string): Promise<boolean> => {
  if ((await host.files.readTextIfThere(path)) === content) return false;
  await noteChange(host, paths, { files: [path] });
  await host.files.write(path, content, 0o644);
  return true;
};

const installUnit = async (host: Host, paths: Paths, name: string, content: string): Promise<boolean> => {
  await noteChange(host, paths, { ownUnits: [name] });
  const changed = await installFile(host, paths, `${unitDirectory}/${name}`, content);
  if (changed) await host.run(['systemctl', 'daemon-reload']);
  return changed;
};

const readTemplate = (host: Host, name: string): Promise<string> => host.files.readText(`${templates}/${name}`);

/** /run is empty after a boot, and the database's user may not make its socket's directory itself. */
const installRunDirectories = async (host: Host, paths: Paths): Promise<void> => {
  const values = { RUN: paths.run, SOCKETS: paths.databaseSocket, DATABASE_USER: databaseUser };
  await installFile(host, paths, temporaryFiles, fillUnit(await readTemplate(host, 'tmpfiles.conf'), values));
};

/** Installs, enables and starts the database's unit; its data directory must be prepared. */
export const startDatabaseUnit = async (host: Host, paths: Paths, { binaries, data }: Cluster): Promise<void> => {
  await installRunDirectories(host, paths);
  const values = {
    BIN: `${binaries.directory}/bin`,
    DATA: data,
    LOGS: databaseLogs(paths),
    DATABASE_USER: databaseUser,
  };
  await installUnit(host, paths, databaseUnit, fillUnit(await readTemplate(host, databaseUnit), values));
  await host.run(['systemctl', 'enable', databaseUnit]);
  await host.run(['systemctl', 'restart', databaseUnit], { timeoutMs: 150_000 });
};

export const stopDatabaseUnit = async (host: Host): Promise<void> => {
  await host.run(['systemctl', 'disable', '--now', databaseUnit], { expect: [0, 1, 5], timeoutMs: 150_000 });
};

interface ControlPlaneUnit {
  readonly node: string;
  readonly program: string;
  readonly databaseUrl: string;
}

const renderControlPlane = async (host: Host, { node, program, databaseUrl }: ControlPlaneUnit): Promise<string> =>
  fillUnit(await readTemplate(host, controlPlaneUnit), { NODE: node, PROGRAM: program, DATABASE_URL: databaseUrl });

const renderGuests = async (host: Host, { program }: Pick<ControlPlaneUnit, 'program'>): Promise<string> =>
  fillUnit(await readTemplate(host, guestsUnit), { PROGRAM: program });

export const isControlPlaneUnitCurrent = async (host: Host, unit: ControlPlaneUnit): Promise<boolean> => {
  const there = await Promise.all(
    [controlPlaneUnit, guestsUnit].map((name) => host.files.readTextIfThere(`${unitDirectory}/${name}`)),
  );
  return there[0] === (await renderControlPlane(host, unit)) && there[1] === (await renderGuests(host, unit));
};

export const startControlPlaneUnit = async (host: Host, paths: Paths, unit: ControlPlaneUnit): Promise<void> => {
  await installRunDirectories(host, paths);
  await installUnit(host, paths, guestsUnit, await renderGuests(host, unit));
  await installUnit(host, paths, controlPlaneUnit, await renderControlPlane(host, unit));
  await host.run(['systemctl', 'enable', controlPlaneUnit]);
  await host.run(['systemctl', 'enable', '--now', guestsUnit], { timeoutMs: 120_000 });
  await host.run(['systemctl', 'restart', controlPlaneUnit], { timeoutMs: 120_000 });
};

export const stopControlPlaneUnit = async (host: Host): Promise<void> => {
  await host.run(['systemctl', 'disable', '--now', controlPlaneUnit], { expect: [0, 1, 5], timeoutMs: 120_000 });
};

/** With no guests of ours left it has nobody to ask. */
export const removeGuestsUnit = async (host: Host): Promise<void> => {
  await host.run(['systemctl', 'disable', '--now', guestsUnit], { expect: [0, 1, 5], timeoutMs: 120_000 });
};

/** What the running service was started with: its own environment knows, whatever the files say by now. */
export const runningSettings = async (host: Host): Promise<Settings> => {
  const { stdout } = await host.run(['systemctl', 'show', '--property=MainPID', '--value', controlPlaneUnit]);
  const environment = (await host.files.readTextIfThere(`/proc/${stdout.trim()}/environ`)) ?? '';
  const variables = environment
    .split('\0')
    .map((entry) => [entry.split('=', 1)[0] ?? '', entry.slice(entry.indexOf('=') + 1)]);
  return settingsIn(Object.fromEntries(variables) as Record<string, string>);
};

/** How often systemd has started it again since it was last asked to. */
export const unitRestarts = async (host: Host, name: string): Promise<number> =>
  Number((await host.run(['systemctl', 'show', '--property=NRestarts', '--value', name])).stdout.trim());

export const isUnitActive = async (host: Host, name: string): Promise<boolean> =>
  (await host.run(['systemctl', 'is-active', '--quiet', name], { expect: [0, 1, 2, 3, 4] })).exitCode === 0;
