import { deleteBackup, findBackup, insertBackup, listBackups } from '@innkeeper/inventory';
import { type BackupManifest, backupManifest, projectOf, type ScanView } from '@innkeeper/model';
import { listSent, readSent } from '@innkeeper/storage';
import { record, type Trail } from '../access/trail.ts';
import type { Control } from '../control.ts';
import { idOfSent, innkeeperTag } from './tags.ts';
import { hostOfTarget, openTarget } from './targets.ts';

const parsed = (text: string): BackupManifest | undefined => {
  try {
    return backupManifest.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

const freeName = async (db: Parameters<typeof findBackup>[0], name: string): Promise<string> => {
  for (let count = 1; ; count += 1) {
    const tried = count === 1 ? name : `${name}-${count}`;
    if ((await findBackup(db, tried)) === undefined) return tried;
  }
};

/**
 * Looks into a repository. What is there and not known, since the inventory was lost or another installation made it, is known from then
 * on; what is known and not there, since somebody removed it by other means, is forgotten.
 */
export const scanTarget = async (control: Control, name: string, trail: Trail): Promise<ScanView> => {
  const { db } = control.inventory;
  const { target, repository } = await openTarget(control, name);
  const managed = hostOfTarget(control, target);
  const before = await listBackups(db, { target: name });
  const sent = (await listSent(managed.host, control.config.paths, repository, [innkeeperTag])).flatMap((one) => {
    const id = idOfSent(one);
    return id === undefined ? [] : [{ ...one, id }];
  });
  const known = new Set(before.map(({ id }) => id));
  const [found, unreadable]: [string[], string[]] = [[], []];
  for (const { id, snapshot } of sent) {
    if (known.has(id)) continue;
    known.add(id);
    const text = await readSent(managed.host, control.config.paths, repository, snapshot, '/manifest.json');
    const manifest = parsed(text);
    if (manifest?.id !== id) {
      unreadable.push(snapshot.slice(0, 8));
      continue;
    }
    const free = await freeName(db, manifest.name);
    await insertBackup(db, {
      id,
      name: free,
      target: name,
      workloadId: manifest.workload.id,
      workloadName: manifest.workload.name,
      project: projectOf(manifest.spec),
      place: { host: managed.name, driver: manifest.driver, backend: manifest.backend },
      spec: manifest.spec,
      image: manifest.image,
      volumes: manifest.volumes,
      snapshot,
      createdAt: new Date(manifest.createdAt),
      state: 'ready',
    });
    found.push(free);
  }
  const there = new Set(sent.map(({ id }) => id));
  const lost = before.filter(({ id, state }) => state === 'ready' && !there.has(id));
  for (const { id } of lost) await deleteBackup(db, id);
  await record(db, trail, { resource: { kind: 'backup', name }, after: { found: found.length, lost: lost.length } });
  return { found, lost: lost.map((one) => one.name), unreadable };
};
