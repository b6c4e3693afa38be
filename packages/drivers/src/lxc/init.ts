import type { Host } from '@innkeeper/host';

/** Process id of a container's init: the child of libvirt's controller, whose pid is the domain's id. */
export const initPid = async (host: Host, controller: number): Promise<number | undefined> => {
  const children = await host.files.readTextIfThere(`/proc/${controller}/task/${controller}/children`);
  const first = children?.trim().split(' ')[0];
  return first === undefined || first === '' ? undefined : Number(first);
};
