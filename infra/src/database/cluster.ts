import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { type Account, ensureAccount } from '../setup/accounts.ts';
import { type Binaries, ensureBinaries } from './binaries.ts';
import {
  configurationFiles,
  databaseLogs,
  databaseName,
  databaseRole,
  databaseUser,
  socketFile,
} from './configuration.ts';

/** A data directory that can be started. */
export interface Cluster {
  readonly binaries: Binaries;
  readonly account: Account;
  readonly data: string;
}

/** The argument vector that runs a program as the database's user: PostgreSQL refuses root. */
export const asDatabaseUser = ({ uid, gid }: Account, argv: readonly string[]): string[] => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${gid}`,
  '--clear-groups',
  '--no-new-privs',
  '--',
  ...argv,
];

/** sun_path holds 108 bytes with its end; PostgreSQL would only warn and listen nowhere. */
const requireShortSocket = (paths: Paths): void => {
  const socket = socketFile(paths);
  if (Buffer.byteLength(socket) <= 107) return;
  throw new InnkeeperError('invalid', `${socket} is too long for a unix socket`, {
    hint: 'Choose a shorter INNKEEPER_PREFIX',
  });
};

const ownDirectory = async (host: Host, path: string, { uid, gid }: Account): Promise<void> => {
  const facts = await host.files.facts(path);
  if (facts?.kind === 'directory' && facts.mode === 0o700 && facts.uid === uid) return;
  await host.files.makeDirectory(path, 0o700);
  await host.files.chown(path, uid, gid);
};

/** Parents of ours that are missing: set-up has made them already, a test has not. */
const makeParents = async (host: Host, paths: Paths): Promise<void> => {
  const modes: readonly [string, number][] = [
    [paths.state, 0o711],
    [paths.run, 0o755],
    [paths.logs, 0o711],
    [`${paths.state}/postgres`, 0o711],
  ];
  for (const [path, mode] of modes) if (!(await host.files.facts(path))) await host.files.makeDirectory(path, mode);
};

const requireReachable = async (host: Host, account: Account, path: string): Promise<void> => {
  const { exitCode } = await host.run(asDatabaseUser(account, ['test', '-w', path]), { expect: [0, 1] });
  if (exitCode === 0) return;
  throw new InnkeeperError('conflict', `The user ${databaseUser} cannot reach ${path}`, {
    hint: 'Let others pass through the directories above it (chmod o+x), or move the installation elsewhere',
  });
};

const requireSameMajor = async (host: Host, { data, binaries }: Cluster): Promise<void> => {
  const found = (await host.files.readText(`${data}/PG_VERSION`)).trim();
  if (found === binaries.major) return;
  throw new InnkeeperError(
    'conflict',
    `The database in ${data} is of PostgreSQL ${found}, this Innkeeper brings ${binaries.major}`,
    {
      hint:
        `Dump it with the Innkeeper that made it (pg_dump of PostgreSQL ${found}), move ${data} away, run up and restore; ` +
        'or set DATABASE_URL to a server of your own. Guests are not touched meanwhile',
    },
  );
};

/** initdb in a directory beside, renamed when complete: what was cut off half-way never looks like a database. */
const initialise = async (host: Host, { data, binaries, account }: Cluster): Promise<void> => {
  const fresh = `${data}.new`;
  await host.files.remove(fresh);
  await ownDirectory(host, fresh, account);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const initdb = [
    `${binaries.directory}/bin/initdb`,
    '-D',
    fresh,
    '-U',
    databaseRole,
    '--auth=peer',
    '--no-instructions',
  ];
  await host.run(asDatabaseUser(account, [...initdb, ...locale]), { timeoutMs: 120_000, cwd: '/' });
  const single = [`${binaries.directory}/bin/postgres`, '--single', '-D', fresh, 'postgres'];
  await host.run(asDatabaseUser(account, single), { input: `CREATE DATABASE ${databaseName};\n`, cwd: '/' });
  await host.files.rename(fresh, data);
};

/** Written only when different, with the owner that the server needs to read them. */
const configure = async (host: Host, paths: Paths, { data, account }: Cluster): Promise<void> => {
  for (const [name, content] of Object.entries(configurationFiles(paths))) {
    const file = `${data}/${name}`;
    if ((await host.files.readTextIfThere(file)) === content) continue;
    await host.files.write(file, content, 0o600);
    await host.files.chown(file, account.uid, account.gid);
  }
};

/** Binaries, user, directories, data and configuration: everything but the start. */
export const prepareCluster = async (host: Host, paths: Paths): Promise<Cluster> => {
  requireShortSocket(paths);
  const account = await ensureAccount(host, databaseUser);
  await makeParents(host, paths);
  for (const path of [paths.databaseSocket, databaseLogs(paths)]) {
    await ownDirectory(host, path, account);
    await requireReachable(host, account, path);
  }
  const cluster = { binaries: await ensureBinaries(host, paths), account, data: paths.databaseData };
  if (await host.files.facts(`${cluster.data}/PG_VERSION`)) await requireSameMajor(host, cluster);
  else await initialise(host, cluster);
  await configure(host, paths, cluster);
  return cluster;
};
