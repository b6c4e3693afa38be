import { containerProfileFile, containerProfileState, installContainerProfile } from '@innkeeper/storage';
import { noteChange } from '../record.ts';
import type { Step } from './step.ts';

/** Removed by name, not by record: it has to be unloaded too. */
export const containerProfile: Step = {
  name: 'AppArmor profile',
  why: 'a container is kept from the host by more than its namespaces',
  check: async ({ host, paths }) => {
    const state = await containerProfileState(host, paths);
    const text = state === 'none' ? 'AppArmor does not run here' : containerProfileFile(paths);
    return { done: state !== 'missing', text };
  },
  apply: async ({ host, paths }) => {
    await noteChange(host, paths, { files: [containerProfileFile(paths)] });
    await installContainerProfile(host, paths);
    return `${containerProfileFile(paths)}: what a container may do`;
  },
};
