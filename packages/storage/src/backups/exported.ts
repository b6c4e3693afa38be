import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Host, HostProcess } from '@innkeeper/host';
import { InnkeeperError, isDiskFull, type Paths } from '@innkeeper/model';
import { ensureRepository, listSent, type SentRecord } from './repository.ts';
import { type Repository, type ResticOptions, runRestic } from './restic.ts';
import { readTar, tarEnd, tarHeader, tarPadding } from './tar.ts';

/**
 * What was sent as one file: a tar of a repository of its own, `repository/`, and of the password that opens it, `password`. Whoever has
 * the file can read it.
 */
const passwordName = 'password';
const repositoryName = 'repository';

/** Files of a repository of restic, which keeps no links. [restic, Repository Layout] */
const members = new RegExp(
  `^(?:${passwordName}|${repositoryName}/(?:config|(?:keys|index|snapshots)/[0-9a-f]{64}|data/[0-9a-f]{2}/[0-9a-f]{64}))$`,
);
const longestPassword = 200;

const folderOf = ({ state }: Paths): string => `${state}/exports`;

/** What a process that was killed has left is not asked for any more after this time. */
const leftAfterMs = 24 * 3_600_000;

const makeFolder = async (host: Host, paths: Paths): Promise<string> => {
  const all = folderOf(paths);
  for (const name of await host.files.list(all)) {
    const { modifiedMs = Date.now() } = (await host.files.facts(`${all}/${name}`)) ?? {};
    if (Date.now() - modifiedMs > leftAfterMs) await host.files.remove(`${all}/${name}`);
  }
  const folder = `${all}/${randomUUID()}`;
  await host.files.makeDirectory(folder);
  return folder;
};

const ownRepository = (name: string, folder: string, password: string): Repository => ({
  name,
  address: `${folder}/${repositoryName}`,
  password,
  variables: {},
});

interface Copy {
  readonly from: Repository;
  readonly to: Repository;
  readonly sent: readonly SentRecord[];
  /** That all of it carries. */
  readonly tag: string;
}

/** Copies what was sent from one repository to another; what that has already is not copied. [restic, copy] */
const copySent = async (
  host: Host,
  paths: Paths,
  { from, to, sent, tag }: Copy,
  options: ResticOptions,
): Promise<void> => {
  const both: Repository = {
    ...to,
    mount: to.mount ?? from.mount,
    variables: {
      ...from.variables,
      ...to.variables,
      RESTIC_FROM_REPOSITORY: from.address,
      // Of a file restic takes off what is around it; of a variable it does not.
      RESTIC_FROM_PASSWORD: from.password.trim(),
    },
  };
  await runRestic(host, paths, both, ['copy', '--', ...sent.map(({ snapshot }) => snapshot)], options);
  // What is not there restic passes over, and says that all went well.
  const there = new Set((await listSent(host, paths, to, [tag])).map(({ tree }) => tree));
  if (sent.every(({ tree }) => there.has(tree))) return;
  throw new InnkeeperError('not_found', `The repository of ${from.name} does not have all of it any more`, {
    hint: 'inn backup target scan finds what is there',
  });
};

const complaintOf = (running: HostProcess): (() => string) => {
  let said = '';
  running.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-2000);
  });
  return () => said;
};

async function* packed(host: Host, folder: string): AsyncGenerator<Buffer> {
  const words = ['--format=ustar', '--owner=0', '--group=0', '--numeric-owner', '--sort=name', `--directory=${folder}`];
  const running = host.spawn(['tar', '--create', '--file=-', ...words, '--', passwordName, repositoryName]);
  const complaint = complaintOf(running);
  running.stdin.end();
  let whole = false;
  try {
    for await (const chunk of running.stdout) yield chunk as Buffer;
    const { code } = await running.exit;
    if (code !== 0)
      throw new InnkeeperError('host_error', 'What was to be exported could not be read', { detail: complaint() });
    whole = true;
  } finally {
    if (!whole) running.kill('SIGTERM');
    await host.files.remove(folder);
  }
}

/**
 * What was sent to a repository as one file; all of it is copied beside the state first, and what is given then needs the repository no
 * more. Throws as {@link runRestic} does.
 */
export const exportSent = async (
  host: Host,
  paths: Paths,
  repository: Repository,
  { sent, tag }: Pick<Copy, 'sent' | 'tag'>,
  options: Pick<ResticOptions, 'signal'> = {},
): Promise<AsyncIterable<Buffer>> => {
  const folder = await makeFolder(host, paths);
  try {
    const own = ownRepository(repository.name, folder, randomBytes(24).toString('base64url'));
    await ensureRepository(host, paths, own);
    await copySent(host, paths, { from: repository, to: own, sent, tag }, options);
    await host.files.write(`${folder}/${passwordName}`, own.password);
  } catch (error) {
    await host.files.remove(folder);
    throw error;
  }
  return packed(host, folder);
};

const foreign = (why: string, cause?: unknown): InnkeeperError =>
  new InnkeeperError('invalid', `This is no backup that was exported: ${why}`, {
    hint: 'inn backup export writes one',
    ...(cause === undefined ? {} : { cause }),
  });

/** The same archive, of files alone that a repository has: nothing else of it gets to a host. Throws `invalid` for any other. */
export async function* checkedExport(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const seen = new Set<string>();
  try {
    for await (const { entry, body } of readTar(file)) {
      const { path, kind, size } = entry;
      if (kind === 'folder') continue;
      if (kind !== 'file' || !members.test(path)) throw foreign(`it holds ${path.slice(0, 80)}`);
      if (path === passwordName && size > longestPassword) throw foreign('its password is too long');
      if (seen.has(path)) throw foreign(`it holds ${path} twice`);
      seen.add(path);
      yield tarHeader({ path, kind, size, mode: 0o600, uid: 0, gid: 0, modified: 0 });
      yield* body;
      yield tarPadding(size);
    }
  } catch (cause) {
    if (cause instanceof InnkeeperError && cause.code === 'host_error') throw foreign('it is no archive that is whole');
    throw cause;
  }
  for (const path of [passwordName, `${repositoryName}/config`])
    if (!seen.has(path)) throw foreign(`${path} is missing`);
  yield tarEnd();
}

const unpack = async (host: Host, folder: string, file: AsyncIterable<Buffer>, signal?: AbortSignal): Promise<void> => {
  const running = host.spawn(['tar', '--extract', '--file=-', '--no-same-owner', `--directory=${folder}`]);
  const complaint = complaintOf(running);
  running.stdout.resume();
  try {
    await pipeline(Readable.from(checkedExport(file)), running.stdin, signal === undefined ? {} : { signal });
  } catch (error) {
    running.kill('SIGTERM');
    await running.exit;
    if (error instanceof InnkeeperError || !isDiskFull(complaint())) throw error;
  }
  const { code } = await running.exit;
  if (code === 0) return;
  throw new InnkeeperError(
    'host_error',
    isDiskFull(complaint())
      ? 'There is no space left on the disk of the host that brings it in'
      : 'The backup could not be unpacked',
    { detail: complaint() },
  );
};

/**
 * Sends to a repository what {@link exportSent} has made a file of. `accept` is told what is in it before any of it is sent, and may
 * throw. Throws `invalid` for what is no such file; of one that is damaged nothing is known to the repository afterwards.
 */
export const importSent = async (
  host: Host,
  paths: Paths,
  repository: Repository,
  file: AsyncIterable<Buffer>,
  {
    tag,
    accept,
    signal,
  }: {
    /** What is not tagged so stays out. */
    readonly tag: string;
    readonly accept: (held: readonly SentRecord[]) => Promise<void>;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> => {
  const folder = await makeFolder(host, paths);
  try {
    await unpack(host, folder, file, signal);
    const password = await host.files.readText(`${folder}/${passwordName}`);
    const own = ownRepository('export', folder, password);
    const held = await listSent(host, paths, own, [tag]).catch((cause: unknown) => {
      throw foreign('its repository cannot be read', cause);
    });
    await accept(held);
    await copySent(host, paths, { from: own, to: repository, sent: held, tag }, signal === undefined ? {} : { signal });
  } finally {
    await host.files.remove(folder);
  }
};
