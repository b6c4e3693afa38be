import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { buildId } from './build-id.ts';
import { installedPackages, type Lock } from './lock.ts';
import { usesUnits } from './units.ts';

/** Where services run from under systemd: a clone may lie in somebody's home, be moved, or be half-way through a build. */
export const installedProgram = '/opt/innkeeper';

/** Workspaces that are started or called; what they import follows from the lock file. */
const roots = ['services/control-plane', 'services/cli', 'infra'];
const topFiles = [
  'package.json',
  'package-lock.json',
  'openapi.json',
  'LICENSE',
  'README.md',
  'examples',
  'services/web/dist',
];
const leftOut = new Set(['src', 'node_modules', 'tsconfig.json', 'turbo.json', 'rolldown.config.js', 'coverage']);

export const programDirectory = async ({
  host,
  paths,
  root,
}: {
  host: Host;
  paths: Paths;
  root: string;
}): Promise<string> => ((await usesUnits(host, paths)) ? installedProgram : root);

const buildFile = `${installedProgram}/.build-id`;

/** Build id of the copy under /opt, when there is one. */
export const installedBuildId = async (host: Host): Promise<string | undefined> =>
  (await host.files.readTextIfThere(buildFile))?.trim();

const workspaceParts = async (host: Host, root: string, workspace: string): Promise<string[]> =>
  (await host.files.list(`${root}/${workspace}`))
    .filter((name) => !leftOut.has(name))
    .map((name) => `${workspace}/${name}`);

/** By one program: one for each of a hundred libraries would take longer than what it copies. Missing ones are left out. */
const copyAll = async (host: Host, root: string, target: string, paths: readonly string[]): Promise<void> => {
  const outermost = paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
  const there = [];
  for (const path of new Set(outermost)) if (await host.files.facts(`${root}/${path}`)) there.push(path);
  const options = ['-r', '--parents', '--no-dereference', '--preserve=mode,timestamps,links'];
  await host.run(['cp', ...options, '--', ...there, target], { cwd: root, timeoutMs: 300_000 });
};

/** Copies what runs, without sources and development tools, beside the old copy, then swaps the two. */
export const installProgram = async (host: Host, root: string): Promise<void> => {
  if (root === installedProgram) return;
  const fresh = `${installedProgram}.new`;
  const old = `${installedProgram}.old`;
  const lock = JSON.parse(await host.files.readText(`${root}/package-lock.json`)) as Lock;
  const { workspaces, modules } = installedPackages(lock, roots);
  await host.files.remove(fresh);
  await host.files.remove(old);
  await host.files.makeDirectory(fresh, 0o755);
  const parts = await Promise.all(workspaces.map((workspace) => workspaceParts(host, root, workspace)));
  await copyAll(host, root, fresh, [...topFiles, ...modules, ...parts.flat()]);
  await host.files.write(`${fresh}/.build-id`, `${await buildId(host, root)}\n`, 0o644);
  await host.run(['chown', '-R', '-h', 'root:root', '--', fresh]);
  await host.run(['chmod', '-R', 'u=rwX,go=rX', '--', fresh]);
  if (await host.files.facts(installedProgram)) await host.files.rename(installedProgram, old);
  await host.files.rename(fresh, installedProgram);
  await host.files.remove(old);
};
