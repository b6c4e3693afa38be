import type { Host, HostProcess } from '@innkeeper/host';
import { type Paths, uidRangeSize } from '@innkeeper/model';
import { containerRootFolder, mountProgram, requireRoot } from './container-root.ts';
import { programText } from './program.ts';

const filesProgram = programText('root-files.pl');

/** A directory of the host that appears at a place of the root. */
export interface PlacedVolume {
  readonly directory: string;
  readonly place: string;
}

/**
 * Runs a program of a container's own on its files, whether or not the container runs. Everything about it is in
 * namespaces that end with it: nothing stays mounted, also after a kill. Throws `not_found` when the root was never made.
 */
export const runOnRoot = async (
  host: Host,
  paths: Paths,
  id: string,
  { volumes = [], command }: { readonly volumes?: readonly PlacedVolume[]; readonly command: readonly string[] },
): Promise<HostProcess> => {
  await requireRoot(host, paths, id);
  return host.spawn([
    'perl',
    '-e',
    await filesProgram(),
    await mountProgram(),
    containerRootFolder(paths, id),
    String(uidRangeSize),
    String(volumes.length),
    ...volumes.flatMap(({ directory, place }) => [directory, place]),
    ...command,
  ]);
};
