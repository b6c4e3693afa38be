const firstMs = 1000;
const longestMs = 5 * 60_000;

/** A guest that ran this long, in milliseconds, was well: the back-off starts over when it ends. */
export const wellAfterMs = 10 * 60_000;

/** Milliseconds to wait before a restart: 1 s, 2 s, 4 s … at most 5 min. `streak`: restarts since the guest was last well. */
export const pauseBefore = (streak: number): number => Math.min(longestMs, firstMs * 2 ** streak);
