import type { BackupRow } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { listSent, type Repository, type SentRecord } from '@innkeeper/storage';
import type { Control, ManagedHost } from '../control.ts';
import { backupTag, imageTag, innkeeperTag } from './tags.ts';
import { hostOfTarget, openTarget } from './targets.ts';

/** A backup as its repository has it, and the host that looks into that. */
export interface SentBackup extends Pick<ManagedHost, 'host'> {
  readonly repository: Repository;
  readonly held: SentRecord;
  /** Of the image that it stands on; undefined for one that stands on none. */
  readonly image: SentRecord | undefined;
}

/** Throws `not_found` where the repository does not have it any more. */
export const sentOf = async (control: Control, row: BackupRow): Promise<SentBackup> => {
  const { target, repository } = await openTarget(control, row.target);
  const { host } = hostOfTarget(control, target);
  const sent = await listSent(host, control.config.paths, repository, [innkeeperTag]);
  const tagged = (tag: string, what: string): SentRecord => {
    const found = sent.filter(({ tags }) => tags.includes(tag)).at(-1);
    if (found !== undefined) return found;
    throw new InnkeeperError('not_found', `${what} is not at ${repository.name}`, {
      hint: `inn backup target scan ${repository.name} finds what is there`,
    });
  };
  const identity = row.image?.identity;
  return {
    host,
    repository,
    held: tagged(backupTag(row.id), `The backup ${row.name}`),
    image: identity === undefined ? undefined : tagged(imageTag(identity), `The image of the backup ${row.name}`),
  };
};
