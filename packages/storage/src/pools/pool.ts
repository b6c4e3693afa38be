import { randomUUID } from 'node:crypto';
import type { Host } from '@innkeeper/host';
import { defaultPool, InnkeeperError, type NewPool, newPool, type Paths } from '@innkeeper/model';
import { z } from 'zod';
import { layout } from '../layout.ts';

/** A directory of a host, beside the state directory, on which guests can stand. */
export interface Pool {
  /** Also in the mark that lies in it: neither an empty mount point nor another disk is taken for it. */
  readonly id: string;
  readonly name: string;
  readonly path: string;
}

/** What of a guest has a folder of its own in a pool. */
export const placeKinds = ['roots', 'disks', 'volumes'] as const;
export type PlaceKind = (typeof placeKinds)[number];

const mark = z.object({ id: z.uuid(), name: z.string() });
const record = z.object({ ...mark.shape, path: newPool.shape.path });

/** A pool's records; the mark is beside what guests have there. */
const recordsFolder = (paths: Paths): string => `${paths.state}/pools`;
const recordFile = (paths: Paths, name: string): string => `${recordsFolder(paths)}/${name}.json`;
const markFile = (path: string): string => `${path}/innkeeper-pool.json`;

const parsed = <T>(schema: z.ZodType<T>, text: string | undefined): T | undefined => {
  try {
    return text === undefined ? undefined : schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/** Those of a host, whether or not their file systems are mounted; without the state directory itself. */
export const listPools = async (host: Host, paths: Paths): Promise<readonly Pool[]> => {
  const files = (await host.files.list(recordsFolder(paths))).filter((name) => name.endsWith('.json')).sort();
  if (files.length === 0) return [];
  const texts = await host.files.readTexts(files.map((name) => `${recordsFolder(paths)}/${name}`));
  return texts.flatMap((text) => parsed(record, text) ?? []);
};

const markOf = async (host: Host, path: string): Promise<z.output<typeof mark> | undefined> =>
  parsed(mark, await host.files.readTextIfThere(markFile(path)));

/** Why a pool cannot be used now, for people; undefined when it can. */
export const whyAway = async (host: Host, { id, path }: Pool): Promise<string | undefined> =>
  (await markOf(host, path))?.id === id ? undefined : `its file system is not mounted at ${path}`;

/** Throws `host_error` unless the pool's own mark lies where it is to be. */
export const requireThere = async (host: Host, pool: Pool): Promise<void> => {
  const why = await whyAway(host, pool);
  if (why === undefined) return;
  throw new InnkeeperError('host_error', `The pool ${pool.name} is away: ${why}`, {
    hint: `mount it there again; what stands in it is as it was`,
  });
};

/** The pool that a guest is to stand in; undefined for the state directory. Throws `not_found`, and `host_error` while it is away. */
export const poolFor = async (host: Host, paths: Paths, name: string | undefined): Promise<Pool | undefined> => {
  if (name === undefined || name === defaultPool) return undefined;
  const pool = (await listPools(host, paths)).find((one) => one.name === name);
  if (pool === undefined)
    throw new InnkeeperError('not_found', `This host has no pool ${name}`, { hint: 'inn pool ls shows what there is' });
  await requireThere(host, pool);
  return pool;
};

const within = (path: string, other: string): boolean => path === other || path.startsWith(`${other}/`);

const refuse = (path: string, text: string, hint: string): InnkeeperError =>
  new InnkeeperError('conflict', `${path} ${text}`, { hint });

/** Everybody has to get through, as QEMU's user does; nobody but root can look into the folders of guests. */
const requireOpen = async (host: Host, path: string): Promise<void> => {
  const parts = path.split('/').slice(1);
  for (const [depth] of parts.entries()) {
    const folder = `/${parts.slice(0, depth + 1).join('/')}`;
    const facts = await host.files.facts(folder);
    if (facts !== undefined && (facts.mode & 0o001) === 0)
      throw refuse(path, `cannot be reached by QEMU's user: ${folder} is closed`, `chmod o+x ${folder}`);
  }
};

/** The path without links. */
const realPath = async (host: Host, path: string): Promise<string> => {
  const { exitCode, stdout } = await host.run(['realpath', '-e', '--', path], { expect: [0, 1] });
  const real = stdout.replace(/\n$/, '');
  if (exitCode !== 0 || (await host.files.facts(real))?.kind !== 'directory')
    throw new InnkeeperError('not_found', `There is no directory ${path} on this host`, {
      hint: 'mount the file system first, and make a directory of its own there',
    });
  const fits = newPool.shape.path.safeParse(real);
  if (!fits.success) throw refuse(path, `leads to ${real.slice(0, 200)}`, fits.error.issues[0]?.message ?? '');
  return real;
};

/** What is in a directory besides what a file system brings itself. */
const contents = async (host: Host, path: string): Promise<string[]> =>
  (await host.files.list(path)).filter((name) => name !== 'lost+found').sort();

const checkFree = async (
  host: Host,
  paths: Paths,
  { name, path }: NewPool,
  others: readonly Pool[],
): Promise<string | undefined> => {
  if (within(path, paths.state) || within(paths.state, path))
    throw refuse(path, `and the state directory ${paths.state} are in each other`, 'choose a directory of its own');
  const near = others.find((one) => within(path, one.path) || within(one.path, path));
  if (near !== undefined && near.name !== name)
    throw refuse(path, `and the pool ${near.name} (${near.path}) are in each other`, 'choose a directory of its own');
  const left = await markOf(host, path);
  if (left !== undefined && left.name !== name)
    throw refuse(path, `was the pool ${left.name}`, `inn pool add ${left.name} takes it back with what is in it`);
  const there = await contents(host, path);
  if (left === undefined && there.length > 0)
    throw refuse(
      path,
      `is not empty (${there.slice(0, 5).join(', ').slice(0, 100)})`,
      'make a directory of its own there',
    );
  await requireOpen(host, path);
  return left?.id;
};

/**
 * Makes a directory of the host a pool. One that was a pool of the name before is taken back with what is in it. Repeatable.
 * Throws `not_found` without such a directory, `conflict` naming what stands in the way.
 */
export const addPool = async (host: Host, paths: Paths, asked: NewPool): Promise<Pool> => {
  const { name } = asked;
  const path = await realPath(host, asked.path);
  const others = await listPools(host, paths);
  const same = others.find((one) => one.name === name);
  if (same !== undefined && same.path !== path)
    throw refuse(path, `cannot be the pool ${name}, which is ${same.path}`, 'choose another name');
  const id = (await checkFree(host, paths, { name, path }, others)) ?? same?.id ?? randomUUID();
  for (const kind of placeKinds) await host.files.makeDirectory(`${path}/${kind}`, 0o711);
  await host.files.write(markFile(path), `${JSON.stringify({ id, name })}\n`, 0o644);
  await host.files.makeDirectory(recordsFolder(paths), 0o700);
  await host.files.write(recordFile(paths, name), `${JSON.stringify({ id, name, path })}\n`);
  return { id, name, path };
};

/** Links of the state directory that lead into a pool: guests that stand there. */
const linksInto = async (host: Host, paths: Paths, { path }: Pool): Promise<string[]> => {
  const folders = placeKinds.map((kind) => layout(paths)[kind]);
  const words = [...folders, '-maxdepth', '1', '-type', 'l', '-lname', `${path}/*`, '-printf', '%f\\n'];
  const { stdout } = await host.run(['find', ...words], { expect: [0, 1] });
  return [...new Set(stdout.split('\n').filter((line) => line !== ''))];
};

/**
 * A directory is a pool no longer; one that is away keeps its mark. Nothing there is success. Throws `conflict` while anything of a
 * guest is in it.
 */
export const removePool = async (host: Host, paths: Paths, name: string): Promise<void> => {
  const pool = (await listPools(host, paths)).find((one) => one.name === name);
  if (pool === undefined) return;
  const there = (await whyAway(host, pool)) === undefined;
  const held = new Set(await linksInto(host, paths, pool));
  if (there)
    for (const kind of placeKinds) for (const id of await host.files.list(`${pool.path}/${kind}`)) held.add(id);
  if (held.size > 0)
    throw refuse(
      pool.path,
      `still holds what ${held.size === 1 ? '1 guest stands' : `${held.size} guests stand`} on`,
      'inn pool show says which; inn rm removes them',
    );
  // Without its record nobody looks for it; what is left of it is an empty pool that can be added again.
  await host.files.remove(recordFile(paths, name));
  if (!there) return;
  for (const kind of placeKinds) await host.files.remove(`${pool.path}/${kind}`);
  await host.files.remove(markFile(pool.path));
};

/** All of a host. Throws what {@link removePool} throws of the first that cannot be removed, and still removes the others. */
export const removePools = async (host: Host, paths: Paths): Promise<void> => {
  const ends = await Promise.allSettled(
    (await listPools(host, paths)).map(({ name }) => removePool(host, paths, name)),
  );
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};
