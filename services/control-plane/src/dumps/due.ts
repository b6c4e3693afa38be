/** When the nightly dump is made, in hours of the machine's own time. */
const nightlyHour = 3;

export const keptDays = 7;
const dayMs = 24 * 60 * 60_000;

/** Whether the newest dump, if there is one, is of before the last night. Made as soon as the machine runs again where it did not then. */
export const isDue = (newest: Date | undefined, now: Date): boolean => {
  if (newest === undefined) return true;
  const night = new Date(now);
  night.setHours(nightlyHour, 0, 0, 0);
  if (night > now) night.setDate(night.getDate() - 1);
  return newest < night;
};

/** Those that are kept no longer; the newest is always kept. */
export const outdated = <T extends { readonly takenAt: Date }>(dumps: readonly T[], now: Date): T[] =>
  [...dumps]
    .sort((a, b) => b.takenAt.getTime() - a.takenAt.getTime())
    .slice(1)
    .filter(({ takenAt }) => now.getTime() - takenAt.getTime() > keptDays * dayMs);

/** Whether the doctor says something: nights were missed. */
export const isOld = (newest: Date | undefined, now: Date): boolean =>
  newest === undefined || now.getTime() - newest.getTime() > 2 * dayMs;
