import type { Host } from '@innkeeper/host';
import type { Recipe } from './recipe.ts';

export interface BuildOptions {
  readonly onProgress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

const buildTimeoutMs = 30 * 60_000;

/** What people want to know of mmdebstrap's and apt's output. */
const progressOf = (line: string): string | undefined => {
  const step = /^I: (.+)$/.exec(line)?.[1];
  if (step !== undefined) return step.replace(/^running .*$/, 'installing packages').slice(0, 100);
  const unpacking = /^(?:Get:\d+ \S+ \S+ \S+ (\S+)|Setting up (\S+))/.exec(line);
  if (unpacking?.[1] !== undefined) return `downloading ${unpacking[1]}`;
  return unpacking?.[2] === undefined ? undefined : `setting up ${unpacking[2]}`;
};

/** Beside the tree. */
const writeKey = async (host: Host, key: string, target: string): Promise<string> => {
  const path = `${target}.archive.gpg`;
  await host.files.write(path, Buffer.from(key, 'base64'), 0o644);
  return path;
};

const bootstrap = async (host: Host, recipe: Recipe, target: string, options: BuildOptions): Promise<void> => {
  const archives = recipe.archives ?? (recipe.mirror === undefined ? [] : [recipe.mirror]);
  const keyring =
    recipe.archiveKey === undefined ? [] : [`--keyring=${await writeKey(host, recipe.archiveKey, target)}`];
  await host.run(
    [
      'mmdebstrap',
      '--variant=minbase',
      `--components=${recipe.components.replaceAll(' ', ',')}`,
      ...keyring,
      `--include=${recipe.packages.join(',')}`,
      recipe.suite,
      target,
      ...archives,
    ],
    {
      timeoutMs: buildTimeoutMs,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onLine: (line) => {
        const text = progressOf(line);
        if (text !== undefined) options.onProgress?.(text);
      },
    },
  );
};

const finish = async (host: Host, recipe: Recipe, target: string): Promise<void> => {
  for (const path of recipe.remove) await host.files.remove(`${target}/${path}`);
  for (const [path, content] of Object.entries(recipe.files)) {
    await host.run(['mkdir', '-p', '--', `${target}/${path.slice(0, path.lastIndexOf('/'))}`]);
    await host.files.write(`${target}/${path}`, content, 0o644);
  }
  for (const [path, to] of Object.entries(recipe.links)) {
    await host.run(['mkdir', '-p', '--', `${target}/${path.slice(0, path.lastIndexOf('/'))}`]);
    await host.run(['ln', '-sfn', '--', to, `${target}/${path}`]);
  }
};

/** Builds the tree. `target` must not exist; its parent must. */
export const buildRootfs = async (host: Host, recipe: Recipe, target: string, options: BuildOptions): Promise<void> => {
  await bootstrap(host, recipe, target, options);
  await finish(host, recipe, target);
};

/** The tree out of a cache that outlives this installation; false when it is not there. */
export const unpackCached = async (host: Host, archive: string, target: string): Promise<boolean> => {
  if ((await host.files.facts(archive)) === undefined) return false;
  await host.files.makeDirectory(target, 0o755);
  await host.run(['tar', '-C', target, '--numeric-owner', '--xattrs', '--xattrs-include=*', '-xf', archive], {
    timeoutMs: buildTimeoutMs,
  });
  return true;
};

export const packCached = async (host: Host, archive: string, source: string): Promise<void> => {
  const beside = `${archive}.new`;
  await host.run(['tar', '-C', source, '--numeric-owner', '--xattrs', '--xattrs-include=*', '-cf', beside, '.'], {
    timeoutMs: buildTimeoutMs,
  });
  await host.files.rename(beside, archive);
};
