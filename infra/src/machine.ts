import type { Host } from '@innkeeper/host';

const programDirectories = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Absolute path of an installed program. */
export const findProgram = async (host: Host, name: string): Promise<string | undefined> => {
  for (const directory of programDirectories) {
    const path = `${directory}/${name}`;
    if ((await host.files.facts(path)) !== undefined) return path;
  }
  return undefined;
};

/** Whether systemd is the init system: the test of sd_booted(3). Installed alone it cannot start anything. */
export const hasSystemd = async (host: Host): Promise<boolean> =>
  (await host.files.facts('/run/systemd/system'))?.kind === 'directory';
