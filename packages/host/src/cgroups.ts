/** Where the control group of a guest is, by controller; on v2 there is one directory for all. */
export interface GuestCgroup {
  readonly layout: 1 | 2;
  /** Undefined for a controller that is not mounted. */
  readonly folder: (controller: string) => string | undefined;
}

/**
 * Reads /proc/PID/cgroup of a process of the guest. `own` matches the part of the path that the guest's manager made:
 * below it is what the guest's systemd made inside.
 */
export const guestCgroup = (text: string, own: RegExp): GuestCgroup | undefined => {
  const lines = text.split('\n').flatMap((line) => {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return path === '' ? [] : [{ controllers: names.split(','), path: own.exec(path)?.[0] ?? path }];
  });
  const pathOf = (controller: string): string | undefined =>
    lines.find(({ controllers }) => controllers.includes(controller))?.path;
  if (pathOf('memory') !== undefined)
    return {
      layout: 1,
      folder: (controller) => {
        const path = pathOf(controller);
        return path === undefined ? undefined : `/sys/fs/cgroup/${controller}${path}`;
      },
    };
  const unified = pathOf('');
  return unified === undefined ? undefined : { layout: 2, folder: () => `/sys/fs/cgroup${unified}` };
};
