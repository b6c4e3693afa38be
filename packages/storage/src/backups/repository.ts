import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { z } from 'zod';
import { type Repository, type ResticOptions, resticFailure, runRestic } from './restic.ts';

/** What was sent, and what the repository had not had before. */
export interface Sent {
  /** restic's own id of it. */
  readonly snapshot: string;
  readonly sizeBytes: number;
  readonly addedBytes: number;
}

/** What is to be sent of the working directory. */
export interface Parcel {
  /** Names in the working directory. */
  readonly entries: readonly string[];
  /** By which it is found again; without commas. */
  readonly tags: readonly string[];
  /** Of whom it is, for people who list a repository with restic itself. */
  readonly of: string;
  readonly at: Date;
}

const summary = z.object({
  message_type: z.literal('summary'),
  snapshot_id: z.string().regex(/^[0-9a-f]{8,64}$/),
  total_bytes_processed: z.number(),
  data_added: z.number(),
});
const status = z.object({ message_type: z.literal('status'), percent_done: z.number() });
const idField = z.string().regex(/^[0-9a-f]{64}$/);
const listed = z.array(z.object({ id: idField, time: z.string(), tree: idField, tags: z.array(z.string()).nullish() }));

const jsonOf = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

/** What restic says when it has written what it could read, and some of it could not be read. */
const incompleteCode = 3;

/** restic reads a moment in the time zone that it runs in: UTC. */
const momentText = (at: Date): string => at.toISOString().slice(0, 19).replace('T', ' ');

/** Makes the repository where there is none. Throws for one that another password opens. */
export const ensureRepository = async (host: Host, paths: Paths, repository: Repository): Promise<void> => {
  try {
    await runRestic(host, paths, repository, ['cat', 'config']);
  } catch (error) {
    if (!(error instanceof InnkeeperError) || error.code !== 'transient') throw error;
    await runRestic(host, paths, repository, ['init']);
  }
};

/** Sends what stands in the working directory, or nothing: what could not be read whole is taken back. */
export const sendParcel = async (
  host: Host,
  paths: Paths,
  repository: Repository,
  { entries, tags, of, at }: Parcel,
  { onPercent, ...options }: Omit<ResticOptions, 'onLine'> & { readonly onPercent?: (percent: number) => void } = {},
): Promise<Sent> => {
  const named = tags.flatMap((tag) => ['--tag', tag]);
  const argv = ['backup', '--json', '--host', of, '--time', momentText(at), ...named, '--', ...entries];
  const onLine = (line: string): void => {
    const said = status.safeParse(jsonOf(line));
    if (said.success) onPercent?.(Math.floor(said.data.percent_done * 100));
  };
  const result = await runRestic(host, paths, repository, argv, { ...options, onLine, expect: [incompleteCode] });
  const end = result.stdout
    .split('\n')
    .map((line) => summary.safeParse(jsonOf(line)))
    .find((one) => one.success)?.data;
  if (result.exitCode === incompleteCode) {
    if (end !== undefined) await runRestic(host, paths, repository, ['forget', '--', end.snapshot_id]);
    throw resticFailure(repository.name, result);
  }
  if (end === undefined)
    throw new InnkeeperError('host_error', `restic did not say what it sent to ${repository.name}`);
  return { snapshot: end.snapshot_id, sizeBytes: end.total_bytes_processed, addedBytes: end.data_added };
};

/** Something that was sent, as the repository lists it. */
export interface SentRecord {
  readonly snapshot: string;
  /** What restic calls the list of what is in it. */
  readonly tree: string;
  readonly tags: readonly string[];
}

/** What carries all these tags, the newest last. */
export const listSent = async (
  host: Host,
  paths: Paths,
  repository: Repository,
  tags: readonly string[],
): Promise<SentRecord[]> => {
  const argv = ['snapshots', '--json', '--no-lock', '--tag', tags.join(',')];
  const { stdout } = await runRestic(host, paths, repository, argv);
  const found = listed.safeParse(jsonOf(stdout));
  if (!found.success) throw new InnkeeperError('host_error', `restic did not list what is at ${repository.name}`);
  return found.data
    .sort((a, b) => (a.time < b.time ? -1 : 1))
    .map(({ id, tree, tags: all }) => ({ snapshot: id, tree, tags: all ?? [] }));
};

/** Ids of what carries all these tags, the newest last. */
export const findTagged = async (
  host: Host,
  paths: Paths,
  repository: Repository,
  tags: readonly string[],
): Promise<string[]> => (await listSent(host, paths, repository, tags)).map(({ snapshot }) => snapshot);

/** Nothing of these tags is there any more; the room that it took is given back by {@link pruneRepository}. */
export const forgetTagged = async (
  host: Host,
  paths: Paths,
  repository: Repository,
  tags: readonly string[],
): Promise<void> => {
  const ids = await findTagged(host, paths, repository, tags);
  if (ids.length > 0) await runRestic(host, paths, repository, ['forget', '--', ...ids]);
};

/** Fills the working directory with what was sent. Throws `not_found` where the repository does not have it. */
export const fetchParcel = async (
  host: Host,
  paths: Paths,
  repository: Repository,
  snapshot: string,
  options: ResticOptions = {},
): Promise<void> => {
  await runRestic(host, paths, repository, ['restore', '--target', '.', '--', snapshot], options);
};

/** The text of one file of what was sent. */
export const readSent = async (
  host: Host,
  paths: Paths,
  repository: Repository,
  snapshot: string,
  path: string,
): Promise<string> => (await runRestic(host, paths, repository, ['dump', '--no-lock', '--', snapshot, path])).stdout;

/** Gives back the room of what nothing refers to; nobody may be at work there meanwhile. What a process of this host left locked is unlocked. */
export const pruneRepository = async (host: Host, paths: Paths, repository: Repository): Promise<void> => {
  await runRestic(host, paths, repository, ['unlock']);
  await runRestic(host, paths, repository, ['prune']);
};
