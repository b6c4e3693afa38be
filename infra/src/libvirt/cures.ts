import type { Mount } from './mounts.ts';

/**
 * What stands in the way of libvirt's LXC driver on a machine without systemd, and is cured around libvirtd,
 * in a mount namespace of its own. All empty on a machine with cgroup v2 alone.
 */
export interface Cures {
  /**
   * Mount points of cgroup2 beside v1 controllers (the hybrid layout), unmounted before libvirtd starts. libvirt would
   * bind them into the container, where the directory cannot be made any more:
   * "virCgroupV2BindMount: Unable to create directory /sys/fs/cgroup/unified".
   */
  readonly unmount: readonly string[];
  /**
   * Mount point of the named hierarchy `systemd` that nobody manages. libvirt makes no group there, so every container
   * would get its root, changed to its own uids, and only one with systemd could run.
   */
  readonly systemdHierarchy: string | undefined;
}

const isV1 = (mount: Mount): boolean => mount.type === 'cgroup' && !mount.options.some((o) => o.startsWith('name='));

export const findCures = (mounts: readonly Mount[]): Cures => ({
  unmount: mounts.some(isV1) ? mounts.filter((mount) => mount.type === 'cgroup2').map((mount) => mount.point) : [],
  systemdHierarchy: mounts.find((mount) => mount.type === 'cgroup' && mount.options.includes('name=systemd'))?.point,
});

export const needsNamespace = (cures: Cures): boolean =>
  cures.unmount.length > 0 || cures.systemdHierarchy !== undefined;

/** Mounts that libvirtd in its namespace would not see come and go. systemd shares all of them on most machines. */
export const privateMounts = (mounts: readonly Mount[]): string[] =>
  mounts.filter((mount) => !mount.shared).map((mount) => mount.point);
