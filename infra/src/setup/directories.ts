import { directories as needed } from '../../bin/needs.js';
import { missingDirectories, noteChange } from '../record.ts';
import type { Ground, Step } from './step.ts';

const wrong = async ({ host, paths }: Ground) => {
  const found = [];
  for (const { path, mode } of needed) {
    const facts = await host.files.facts(`${paths.prefix}${path}`);
    if (facts?.kind !== 'directory' || facts.mode !== mode) found.push({ path: `${paths.prefix}${path}`, mode });
  }
  return found;
};

export const directories: Step = {
  name: 'directories',
  why: 'images, disks, sockets, configuration and logs',
  check: async (ground) => {
    const paths = (await wrong(ground)).map(({ path }) => path);
    return paths.length === 0
      ? { done: true, text: needed.map(({ path }) => `${ground.paths.prefix}${path}`).join(', ') }
      : { done: false, text: paths.join(', ') };
  },
  apply: async (ground) => {
    const { host, paths } = ground;
    const todo = await wrong(ground);
    for (const { path, mode } of todo) {
      await noteChange(host, paths, { directories: await missingDirectories(host, path) });
      await host.files.makeDirectory(path, mode);
    }
    return `made ${todo.map(({ path }) => path).join(', ')}`;
  },
};
