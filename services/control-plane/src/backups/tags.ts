import type { SentRecord } from '@innkeeper/storage';

/** What Innkeeper has sent; restic itself lists by it: `restic snapshots --tag innkeeper`. */
export const innkeeperTag = 'innkeeper';

/** What workloads held, by the ids of backups. */
export const backupTag = (id: string): string => `backup:${id}`;

/** Trees of images, by what they are. */
export const imageTag = (identity: string): string => `image:${identity}`;

const backupPrefix = backupTag('');

/** The id of the backup that was sent; undefined for an image. */
export const idOfSent = ({ tags }: Pick<SentRecord, 'tags'>): string | undefined =>
  tags.find((tag) => tag.startsWith(backupPrefix))?.slice(backupPrefix.length);
