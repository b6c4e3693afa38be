import { hasMountHook, installMountHook, mountHookFile } from '@innkeeper/storage';
import { missingDirectories, noteChange } from '../record.ts';
import type { Step } from './step.ts';

export const libvirtHook: Step = {
  name: 'libvirt hook',
  why: 'a container that is started with virsh needs its root mounted, too',
  check: async ({ host, paths }) => ({ done: await hasMountHook(host, paths), text: mountHookFile(paths) }),
  apply: async ({ host, paths }) => {
    const file = mountHookFile(paths);
    const directories = await missingDirectories(host, file.slice(0, file.lastIndexOf('/')));
    await noteChange(host, paths, { files: [file], directories });
    await installMountHook(host, paths);
    return `${file}: the root of a container is mounted whoever starts it`;
  },
};
