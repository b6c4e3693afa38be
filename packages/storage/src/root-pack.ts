import type { Host } from '@innkeeper/host';
import { type Paths, uidRangeSize } from '@innkeeper/model';
import { containerRootFolder } from './container-root.ts';
import { programText } from './program.ts';
import { heldTrees, type RootSnapshotRef } from './root-snapshots.ts';
import { longestMs } from './snapshot-folder.ts';

const packProgram = programText('root-pack.pl');

/** What there can be only one of, what each start makes anew, and what is of one life alone. Patterns of tar(1). */
const notPacked = [
  'dev/*',
  'proc/*',
  'sys/*',
  'run/*',
  'tmp/*',
  'tmp/.*',
  'var/tmp/*',
  'etc/machine-id',
  'var/lib/dbus/machine-id',
  'etc/ssh/ssh_host_*_key*',
  'etc/dropbear/*_host_key',
  'var/lib/systemd/random-seed',
  'var/lib/dhcp/*.leases',
  'var/lib/cloud/*',
  'var/cache/apt/archives/*.deb',
  'etc/cloud/cloud-init.disabled',
];

/**
 * Writes what a container held in a snapshot as a tar file that an image can be made of: with the image it stands on, its
 * owners as the container saw them, and without who it was. Throws `not_found` without such a snapshot.
 */
export const packRootSnapshot = async (
  host: Host,
  paths: Paths,
  { root, id }: RootSnapshotRef,
  file: string,
  signal?: AbortSignal,
): Promise<void> => {
  const upper = (await heldTrees(host, paths, root, id)).find(({ key }) => key === 'upper')?.path ?? '';
  const words = [containerRootFolder(paths, root), upper, file, String(uidRangeSize), ...notPacked];
  await host.run(['perl', '-e', await packProgram(), ...words], {
    timeoutMs: longestMs,
    ...(signal === undefined ? {} : { signal }),
  });
};
