import type { GuestStats } from '@innkeeper/model';
import type { OwnBytes } from '@innkeeper/storage';

/** What a guest has on the disk, in the words of its figures; nothing where it was not found. */
export const diskFigures = (own: OwnBytes | undefined): Pick<GuestStats, 'ownDiskBytes' | 'sharedDiskBytes'> =>
  own === undefined
    ? {}
    : {
        ownDiskBytes: own.bytes,
        ...(own.sharedBytes === undefined ? {} : { sharedDiskBytes: own.sharedBytes }),
      };
