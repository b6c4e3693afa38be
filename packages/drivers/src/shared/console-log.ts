import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';

/** How much of what a console printed is given to who asks. */
export const historyBytes = 64 * 1024;

/** Where what consoles print is kept: that of machines by libvirt, that of containers by perl/console-keeper.pl. */
export const consoleLogFolder = (paths: Paths): string => `${paths.logs}/consoles`;
export const consoleLog = (paths: Paths, uuid: string): string => `${consoleLogFolder(paths)}/${uuid}.log`;

/** The last of what was printed, nothing where nothing was. */
export const readConsoleLog = async (host: Host, paths: Paths, uuid: string): Promise<Uint8Array> => {
  const path = consoleLog(paths, uuid);
  if ((await host.files.facts(path)) === undefined) return new Uint8Array();
  return (await host.files.read(path)).subarray(-historyBytes);
};
