import type { GuestRef } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';

const firstOf = (text: string | undefined): number | undefined => {
  const first = text?.trim().split(' ')[0];
  return first === undefined || first === '' ? undefined : Number(first);
};

/** libvirt's pid file of a container names its controller, whose only child is the container's init. */
const controllerFile = (name: string): string => `/run/libvirt/lxc/${name}.pid`;
const childrenFile = (pid: number): string => `/proc/${pid}/task/${pid}/children`;

/** Process ids of the inits of those that run, by UUID. */
export const initPids = async (
  host: Pick<Host, 'files'>,
  guests: readonly GuestRef[],
): Promise<Map<string, number>> => {
  const controllers = (await host.files.readTexts(guests.map(({ name }) => controllerFile(name)))).map(firstOf);
  const children = await host.files.readTexts(controllers.map((pid) => childrenFile(pid ?? 0)));
  return new Map(
    guests.flatMap(({ uuid }, index): [string, number][] => {
      const pid = controllers[index] === undefined ? undefined : firstOf(children[index]);
      return pid === undefined ? [] : [[uuid, pid]];
    }),
  );
};
