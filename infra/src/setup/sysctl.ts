import type { Host } from '@innkeeper/host';
import { files, sysctls } from '../../bin/needs.js';
import { missingDirectories, noteChange } from '../record.ts';
import type { Ground, Step } from './step.ts';

const procFile = (key: string): string => `/proc/sys/${key.replaceAll('.', '/')}`;

/** Current values of the settings that this kernel has and that are lower than needed. Higher ones stay. */
const tooLow = async (host: Host): Promise<Record<string, string>> => {
  const low: Record<string, string> = {};
  for (const [key, needed] of Object.entries(sysctls)) {
    const now = (await host.files.readTextIfThere(procFile(key)))?.trim();
    if (now !== undefined && Number(now) < needed) low[key] = now;
  }
  return low;
};

/** tee, because procfs takes no file written beside and renamed, and sysctl(8) is not installed everywhere. */
export const writeSysctl = async (host: Host, key: string, value: string): Promise<void> => {
  await host.run(['tee', procFile(key)], { input: `${value}\n` });
};

const sysctlFile = ({ paths }: Pick<Ground, 'paths'>): string => {
  const file = files.find(({ path }) => path.includes('sysctl.d'));
  if (file === undefined) throw new Error('needs.js names no sysctl file');
  return `${paths.prefix}${file.path}`;
};

/** Keys of an earlier run stay in the file: after it their values are no longer too low. */
const contentFor = (keys: Iterable<string>): string =>
  [
    "# Written by Innkeeper. All containers share root's inotify instances; the kernel's 128 last for about a dozen.",
    ...[...keys].sort().map((key) => `${key} = ${sysctls[key]}`),
    '',
  ].join('\n');

const keysOf = (content: string): string[] =>
  content.split('\n').flatMap((line) => Object.keys(sysctls).filter((key) => line.startsWith(`${key} =`)));

export const sysctl: Step = {
  name: 'kernel limits',
  why: 'forty containers with systemd need more inotify instances than the kernel allows by default',
  check: async ({ host }) => {
    const low = Object.entries(await tooLow(host));
    return low.length === 0
      ? { done: true, text: 'inotify and keyring limits are high enough' }
      : { done: false, text: low.map(([key, now]) => `${key} ${now} → ${sysctls[key]}`).join(', ') };
  },
  apply: async (ground) => {
    const { host, paths } = ground;
    const low = await tooLow(host);
    const file = sysctlFile(ground);
    const directory = file.slice(0, file.lastIndexOf('/'));
    await noteChange(host, paths, {
      sysctls: low,
      files: [file],
      directories: await missingDirectories(host, directory),
    });
    const earlier = keysOf((await host.files.readTextIfThere(file)) ?? '');
    if (!(await host.files.facts(directory))) await host.files.makeDirectory(directory, 0o755);
    await host.files.write(file, contentFor(new Set([...earlier, ...Object.keys(low)])), 0o644);
    for (const key of Object.keys(low)) await writeSysctl(host, key, String(sysctls[key]));
    return `raised ${Object.keys(low).join(', ')} (${file})`;
  },
};
