import type { Host } from '@innkeeper/host';

/** v1 also where both are mounted: libvirt uses the controllers of v1 then. */
export const cgroupLayout = async ({ files }: Pick<Host, 'files'>): Promise<'v1' | 'v2'> =>
  (await files.facts('/sys/fs/cgroup/cgroup.controllers')) === undefined ? 'v1' : 'v2';
