import { type Host, withHostLock } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { comingFile } from '../disk.ts';
import { layout } from '../layout.ts';
import { baseDiskPath, checksumsInUse, readRecords, storedLayout } from './record.ts';

/** What a part that nobody asks for again is kept for. */
const keepPartsMs = 7 * 24 * 3_600_000;

/** What is being made, in the folders of what is made: nobody looks at it, and the next import takes it away. */
export const unfinishedPrefix = '.importing-';

const isChecksum = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

/** Whether a guest's folder is in a pool that is away: what it stands on cannot be asked. */
const isAnyAway = async (host: Host, paths: Paths): Promise<boolean> => {
  const folders = [layout(paths).roots, layout(paths).disks];
  // Links that lead nowhere.
  const { stdout } = await host.run(['find', ...folders, '-maxdepth', '1', '-xtype', 'l'], { expect: [0, 1] });
  return stdout !== '';
};

/** Trees below roots of containers, whoever they are of, also of those that are being made. */
const treesOfRoots = async (host: Host, paths: Paths): Promise<string> => {
  const { roots } = layout(paths);
  const ids = await host.files.list(roots);
  const files = ids.flatMap((id) => [`${roots}/${id}/root.json`, `${roots}/${id}/lower.json`]);
  return (await host.files.readTexts(files)).join('\n');
};

/** Disks below those of guests, also of those that are being made. */
const disksOfGuests = async (host: Host, paths: Paths): Promise<string> => {
  const { disks } = layout(paths);
  const ids = await host.files.list(disks);
  const found: (string | undefined)[] = await host.files.readTexts(ids.map((id) => comingFile(paths, id)));
  for (const id of ids) {
    const path = `${disks}/${id}/root.qcow2`;
    if ((await host.files.facts(path)) === undefined) continue;
    found.push((await host.run(['qemu-img', 'info', '-U', '--output=json', '-f', 'qcow2', path])).stdout);
  }
  return found.join('\n');
};

/** Removes what no image is made of and no guest stands on, and what imports that were killed have left. Under the lock. */
export const sweep = async (host: Host, paths: Paths): Promise<void> => {
  const { trees, disks, parts } = storedLayout(paths);
  for (const folder of [trees, disks])
    for (const name of await host.files.list(folder))
      if (name.startsWith(unfinishedPrefix)) await host.files.remove(`${folder}/${name}`);
  for (const name of await host.files.list(parts)) {
    const facts = await host.files.facts(`${parts}/${name}`);
    if (facts !== undefined && Date.now() - facts.modifiedMs > keepPartsMs) await host.files.remove(`${parts}/${name}`);
  }
  if (await isAnyAway(host, paths)) return;
  const used = checksumsInUse(await readRecords(host, paths));
  const unnamedTrees = (await host.files.list(trees)).filter((name) => isChecksum(name) && !used.rootfs.has(name));
  const roots = unnamedTrees.length === 0 ? '' : await treesOfRoots(host, paths);
  for (const name of unnamedTrees) {
    if (roots.includes(name)) continue;
    // Under its own name it is whole or not there.
    const going = `${trees}/${unfinishedPrefix}${name}`;
    await host.files.rename(`${trees}/${name}`, going);
    await host.files.remove(going);
  }
  const unnamedDisks = (await host.files.list(disks))
    .filter((name) => name.endsWith('.qcow2'))
    .map((name) => name.slice(0, -'.qcow2'.length))
    .filter((name) => isChecksum(name) && !used.disk.has(name));
  const guests = unnamedDisks.length === 0 ? '' : await disksOfGuests(host, paths);
  const { kernels } = layout(paths);
  for (const name of unnamedDisks) {
    if (guests.includes(name)) continue;
    // Before its kernel: a disk that is there has one.
    await host.files.remove(baseDiskPath(paths, name));
    await host.files.remove(`${kernels}/${name}`);
  }
};

/** {@link sweep}, unless somebody imports: what a workload stood on that was made of a backup goes with the next one otherwise. */
export const sweepImages = async (host: Host, paths: Paths): Promise<void> => {
  const { root, lock } = storedLayout(paths);
  if ((await host.files.facts(root)) === undefined) return;
  await withHostLock(host, lock, () => sweep(host, paths), 1000);
};
