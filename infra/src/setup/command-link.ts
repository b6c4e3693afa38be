import type { Host } from '@innkeeper/host';
import { missingDirectories, noteChange } from '../record.ts';
import { programDirectory } from '../service/program.ts';
import type { Ground, Step } from './step.ts';

const linkOf = ({ paths }: Ground): string => `${paths.prefix}/usr/local/bin/inn`;

const targetOf = async (ground: Ground): Promise<string> => `${await programDirectory(ground)}/services/cli/bin/inn.js`;

const readLink = async (host: Host, path: string): Promise<string | undefined> =>
  (await host.files.facts(path))?.kind === 'symlink'
    ? (await host.run(['readlink', '--', path])).stdout.trim()
    : undefined;

/** A link of ours always ends so, whichever clone it points into. */
const isOurs = (target: string | undefined): boolean => target?.endsWith('/services/cli/bin/inn.js') ?? false;

export const commandLink: Step = {
  name: 'command',
  why: '`inn` from any directory',
  check: async (ground) => {
    const link = linkOf(ground);
    const target = await targetOf(ground);
    const facts = await ground.host.files.facts(link);
    const current = await readLink(ground.host, link);
    if (current === target) return { done: true, text: `${link} → ${target}` };
    if (facts !== undefined && !isOurs(current)) {
      return { done: true, text: `${link} is something else and stays; the command is ${target}` };
    }
    return { done: false, text: `${link} → ${target}` };
  },
  apply: async (ground) => {
    const { host, paths } = ground;
    const link = linkOf(ground);
    const target = await targetOf(ground);
    const directory = link.slice(0, link.lastIndexOf('/'));
    const made = await missingDirectories(host, directory);
    await noteChange(host, paths, { symlinks: [link], directories: made });
    if (made.length > 0) await host.files.makeDirectory(directory, 0o755);
    await host.run(['ln', '-sfn', '--', target, link]);
    return `${link} → ${target}`;
  },
};
