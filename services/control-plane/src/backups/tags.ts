/** What Innkeeper has sent; restic itself lists by it: `restic snapshots --tag innkeeper`. */
export const innkeeperTag = 'innkeeper';

/** What workloads held, by the ids of backups. */
export const backupTag = (id: string): string => `backup:${id}`;

/** Trees of images, by what they are. */
export const imageTag = (identity: string): string => `image:${identity}`;
