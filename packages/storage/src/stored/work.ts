import { InnkeeperError } from '@innkeeper/model';

/** What every part of an import is given. */
export interface Work {
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
  /** Most bytes that are fetched, or unpacked. */
  readonly limitBytes: number;
}

/** Kept free for what else is on the host's disk. */
const keepFreeBytes = 256 * 2 ** 20;

/** Throws `conflict` when a disk has not the room. */
export const requireRoom = (what: string, neededBytes: number, freeBytes: number, place: string): void => {
  if (neededBytes + keepFreeBytes <= freeBytes) return;
  throw new InnkeeperError(
    'conflict',
    `${what} needs ${neededBytes} bytes, and ${place} has ${Math.max(0, freeBytes - keepFreeBytes)} to spare`,
    { hint: 'make room there, or remove images that nobody uses (inn image ls, inn image rm)' },
  );
};
