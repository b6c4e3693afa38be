import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { layout } from './layout.ts';

/** Beside the guest's disk, and removed with it. The name ends in .iso: AppArmor's virt-aa-helper knows those. */
export const seedDiskPath = (paths: Paths, id: string): string => `${layout(paths).disks}/${id}/seed.iso`;

/**
 * A disk by which a guest is told what to do at its first boot, with the label that cloud-init looks for; `files` by name.
 * [cloud-init, NoCloud] Made where there is none. It is whole or not there, and other users of the host never read it.
 */
export const createSeedDisk = async (
  host: Host,
  paths: Paths,
  id: string,
  files: Readonly<Record<string, string>>,
): Promise<void> => {
  const path = seedDiskPath(paths, id);
  if ((await host.files.facts(path)) !== undefined) return;
  const folder = `${path}.files`;
  const beside = `${folder}/seed.iso`;
  await host.files.remove(folder);
  await host.files.makeDirectory(folder, 0o700);
  await host.files.makeDirectory(`${folder}/disk`, 0o700);
  for (const [name, content] of Object.entries(files)) await host.files.write(`${folder}/disk/${name}`, content, 0o600);
  const options = ['-as', 'mkisofs', '-quiet', '-volid', 'cidata', '-joliet', '-rational-rock', '-output', beside];
  await host.run(['xorriso', ...options, `${folder}/disk`]);
  await host.files.chmod(beside, 0o600);
  await host.files.rename(beside, path);
  await host.files.remove(folder);
};
