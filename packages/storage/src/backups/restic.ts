import type { Host, RunResult } from '@innkeeper/host';
import { InnkeeperError, isDiskFull, type Paths } from '@innkeeper/model';
import { programText } from '../program.ts';
import { longestMs } from '../snapshot-folder.ts';

/** A repository of restic, with what opens it. */
export interface Repository {
  /** What people call it. */
  readonly name: string;
  /** As restic takes it; a path is one of the host that restic runs on. */
  readonly address: string;
  readonly password: string;
  /** Of restic's environment: what it needs to reach the repository. */
  readonly variables: Readonly<Record<string, string>>;
  /** A directory of the host that must be a mount point. */
  readonly mount?: string | undefined;
}

export interface ResticOptions {
  /** Of a program that runs another, which follows them. */
  readonly words?: readonly string[];
  readonly cwd?: string;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Exit codes that are an answer beside 0. */
  readonly expect?: readonly number[];
}

const resticProgram = programText('restic.pl');

/** Exit codes that are looked at here; whatever else happens is told by {@link Host.run}. */
const answered = Array.from({ length: 128 }, (_, code) => code);
const missingCode = 127;

const hint = (name: string) => ({ hint: `inn backup target ls shows where ${name} is` });

const lastLine = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .at(-1) ?? 'it says nothing';

/** What restic's complaints mean; by its words, since 0.14 has one exit code for nearly all. */
const meanings: readonly (readonly [pattern: RegExp, make: (name: string, said: string) => InnkeeperError])[] = [
  [
    /wrong password or no key found/i,
    (name) =>
      new InnkeeperError('conflict', `The password of the backup target ${name} does not open its repository`, {
        hint: 'its file has to hold the password that the repository was made with',
      }),
  ],
  [
    /no matching id|no snapshot found|invalid id/i,
    (name) =>
      new InnkeeperError(
        'not_found',
        `The repository of the backup target ${name} does not have it any more`,
        hint(name),
      ),
  ],
  [
    /already locked/i,
    (name) =>
      new InnkeeperError('busy', `The repository of the backup target ${name} is locked by somebody else`, {
        hint: 'ask again when what is at work there has ended',
      }),
  ],
  [
    /is there a repository at|unable to open config file|repository does not exist|no such file or directory.*config/i,
    (name) =>
      new InnkeeperError(
        'transient',
        `There is no repository at the backup target ${name}: it is away, or was never made`,
        hint(name),
      ),
  ],
  [
    /permission denied|read-only file system/i,
    (name, said) => new InnkeeperError('conflict', `The backup target ${name} cannot be written: ${said}`, hint(name)),
  ],
  [
    /unable to open repository|dial tcp|connection (refused|reset)|no route to host|i\/o timeout|unable to start the sftp|stale (nfs )?file handle/i,
    (name, said) => new InnkeeperError('transient', `The backup target ${name} cannot be reached: ${said}`, hint(name)),
  ],
];

/** What restic has failed with, for people. */
export const resticFailure = (name: string, { stderr, exitCode }: RunResult): InnkeeperError => {
  const detail = stderr.slice(-2000);
  if (exitCode === missingCode && stderr.startsWith('restic: '))
    return new InnkeeperError('unsupported', 'restic, which makes backups, is not on this host', {
      hint: 'apt-get install restic',
    });
  if (isDiskFull(stderr))
    return new InnkeeperError(
      'host_error',
      `There is no space left at the backup target ${name}, or where it is restored to`,
      {
        hint: 'make room first: inn backup rm, inn backup target prune; inn host show says how much a host has',
        detail,
      },
    );
  const said = lastLine(stderr).replace(/^Fatal: /, '');
  for (const [pattern, make] of meanings) if (pattern.test(stderr)) return make(name, said);
  return new InnkeeperError('host_error', `restic failed at the backup target ${name}: ${said}`, { detail });
};

const hex = (text: string): string => Buffer.from(text).toString('hex');

const inputOf = ({ address, password, variables }: Repository): string => {
  const all = { ...variables, RESTIC_REPOSITORY: address, RESTIC_PROGRESS_FPS: '1', TZ: 'UTC' };
  return `${Object.entries(all)
    .map(([name, value]) => `${name}=${hex(value)}\n`)
    .join('')}\n${password}`;
};

const isPath = (address: string): boolean => address.startsWith('/');

/** A mount point that is none is an empty directory: nothing is to be written there. */
const requireMounted = async (host: Host, { name, mount }: Repository): Promise<void> => {
  if (mount === undefined) return;
  const { exitCode } = await host.run(['mountpoint', '-q', '--', mount], { expect: [0, 1, 32] });
  if (exitCode === 0) return;
  throw new InnkeeperError('transient', `The backup target ${name} is away: ${mount} is no mount point`, {
    hint: `mount ${mount}, then ask again`,
  });
};

const wordsOf = async (
  { state }: Paths,
  { address }: Repository,
  argv: readonly string[],
): Promise<readonly string[]> => {
  const cache = isPath(address) ? ['--no-cache'] : ['--cache-dir', `${state}/backup-cache`];
  return ['perl', '-e', await resticProgram(), '--', ...cache, ...argv];
};

/**
 * Runs restic on a host. Neither password nor variables stand on a command line. Throws what its complaint means: `transient` for a
 * repository that is away, `conflict` for a wrong password, `unsupported` where there is no restic.
 */
export const runRestic = async (
  host: Host,
  paths: Paths,
  repository: Repository,
  argv: readonly string[],
  { words = [], cwd, onLine, signal, expect = [] }: ResticOptions = {},
): Promise<RunResult> => {
  await requireMounted(host, repository);
  const result = await host.run([...words, ...(await wordsOf(paths, repository, argv))], {
    input: inputOf(repository),
    timeoutMs: longestMs,
    expect: answered,
    secrets: [repository.password, ...Object.values(repository.variables)],
    ...(cwd === undefined ? {} : { cwd }),
    ...(onLine === undefined ? {} : { onLine }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.exitCode === 0 || expect.includes(result.exitCode)) return result;
  throw resticFailure(repository.name, result);
};

const longestComplaint = 4000;

/** What restic prints, as it comes. Throws at its end what its complaint means; whoever leaves before ends it. */
export async function* readRestic(
  host: Host,
  paths: Paths,
  repository: Repository,
  argv: readonly string[],
): AsyncGenerator<Buffer> {
  await requireMounted(host, repository);
  const running = host.spawn(await wordsOf(paths, repository, argv));
  let stderr = '';
  running.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-longestComplaint);
  });
  running.stdin.end(inputOf(repository));
  let whole = false;
  try {
    for await (const chunk of running.stdout) yield chunk as Buffer;
    whole = true;
  } finally {
    if (!whole) running.kill('SIGTERM');
  }
  const { code } = await running.exit;
  if (code !== 0) throw resticFailure(repository.name, { stdout: '', stderr, exitCode: code ?? 1 });
}
