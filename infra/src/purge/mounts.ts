import type { Host } from '@innkeeper/host';
import { parseMountInfo } from '../libvirt/mounts.ts';

/** Mount points below a directory, innermost and latest first. */
export const mountsBelow = (mountInfo: string, directory: string): string[] =>
  parseMountInfo(mountInfo)
    .map((mount) => mount.point)
    .filter((point) => point === directory || point.startsWith(`${directory}/`))
    .reverse();

/** Unmounts everything below; answers what stays because it is in use. */
export const unmountBelow = async (host: Host, directory: string): Promise<string[]> => {
  const points = mountsBelow(await host.files.readText('/proc/self/mountinfo'), directory);
  for (const point of points) await host.run(['umount', '--', point], { expect: [0, 1, 32] });
  return mountsBelow(await host.files.readText('/proc/self/mountinfo'), directory);
};
