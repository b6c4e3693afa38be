import { readFile } from 'node:fs/promises';
import type { Host } from './host.ts';

/** A tree on a network mount that hangs is not waited for. */
const patienceMs = 3000;
const keptMs = 10 * 60_000;

let program: Promise<string> | undefined;
const programText = (): Promise<string> => {
  program ??= readFile(new URL('../perl/os-release.pl', import.meta.url), 'utf8');
  return program;
};

const read = async (host: Host, roots: readonly string[]): Promise<Map<string, string>> => {
  const { stdout } = await host.run(['perl', '-e', await programText()], {
    input: roots.map((root) => `${root}\0`).join(''),
    timeoutMs: patienceMs,
  });
  return new Map(
    stdout.split('\n').flatMap((line): [string, string][] => {
      const [at = '', id = '', version = ''] = line.split(' ');
      const root = at === '' ? undefined : roots[Number(at)];
      return root === undefined || id === '' ? [] : [[root, version === '' ? id : `${id}/${version}`]];
    }),
  );
};

/**
 * Tells which system is in a directory tree, as `debian/12`: by os-release(5), looked up inside the tree whatever links are in
 * it. One program for all trees that are not known yet; what was found is kept for ten minutes. A tree that says nothing,
 * or cannot be read in time, is missing.
 */
export const osReleases = (host: Host): ((roots: readonly string[]) => Promise<ReadonlyMap<string, string>>) => {
  const kept = new Map<string, { readonly system: string | undefined; readonly atMs: number }>();
  return async (roots) => {
    const now = Date.now();
    for (const [root, { atMs }] of kept) if (now - atMs > keptMs) kept.delete(root);
    const unknown = [...new Set(roots)].filter((root) => !kept.has(root));
    if (unknown.length > 0) {
      const found = await read(host, unknown).catch(() => new Map<string, string>());
      for (const root of unknown) kept.set(root, { system: found.get(root), atMs: now });
    }
    return new Map(
      roots.flatMap((root): [string, string][] => {
        const system = kept.get(root)?.system;
        return system === undefined ? [] : [[root, system]];
      }),
    );
  };
};
