import { listBackups } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { forgetTagged, listSent, pruneRepository } from '@innkeeper/storage';
import { record, type Trail } from '../access/trail.ts';
import type { Control } from '../control.ts';
import { scanTarget } from './scan.ts';
import { imageTag, innkeeperTag } from './tags.ts';
import { hostOfTarget, openTarget } from './targets.ts';

const tagPrefix = imageTag('');

/** Images that no backup stands on, by their tags. */
const unusedImages = async (control: Control, name: string): Promise<readonly string[]> => {
  const { target, repository } = await openTarget(control, name);
  const { host } = hostOfTarget(control, target);
  const used = new Set(
    (await listBackups(control.inventory.db, { target: name })).flatMap(({ image }) => image?.identity ?? []),
  );
  const sent = await listSent(host, control.config.paths, repository, [innkeeperTag]);
  return sent
    .flatMap(({ tags }) => tags.filter((tag) => tag.startsWith(tagPrefix)))
    .filter((tag) => !used.has(tag.slice(tagPrefix.length)));
};

/**
 * Gives back the room of backups that were removed, and of images that none stands on any more. What is in the repository and not known is
 * made known before; while some of it is not understood, images stay. Throws `busy` while somebody is at work there.
 */
export const pruneTarget = async (control: Control, name: string, trail: Trail): Promise<void> => {
  const { db } = control.inventory;
  const making = (await listBackups(db, { target: name })).find(({ state }) => state === 'creating');
  if (making !== undefined)
    throw new InnkeeperError('busy', `The backup ${making.name} is on its way to ${name}`, {
      hint: 'inn operation ls shows how far it is',
    });
  const { unreadable } = await scanTarget(control, name, trail);
  const { target, repository } = await openTarget(control, name);
  const { host } = hostOfTarget(control, target);
  const { paths } = control.config;
  if (unreadable.length === 0)
    for (const tag of await unusedImages(control, name))
      await forgetTagged(host, paths, repository, [innkeeperTag, tag]);
  await pruneRepository(host, paths, repository);
  await record(db, trail, { resource: { kind: 'backup', name }, after: { pruned: true } });
};
