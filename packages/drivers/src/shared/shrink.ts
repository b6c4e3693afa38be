import { formatSize, InnkeeperError } from '@innkeeper/model';

/** Throws `conflict`, with both figures, when a guest uses more than it is to be left with. */
export const requireRoom = (name: string, usedBytes: number, bytes: number): void => {
  if (usedBytes <= bytes) return;
  throw new InnkeeperError(
    'conflict',
    `${name} uses ${formatSize(usedBytes)} of memory now: ${formatSize(bytes)} is not enough`,
    { hint: 'stop it first, or ask for more' },
  );
};
