/**
 * `all`: every fault during every operation, and a kill at every point, an hour and more. `few`: what `npm test` has time for,
 * two minutes. Else a part of it.
 */
const { INNKEEPER_FAULTS: amount, INNKEEPER_FAULTS_ONLY: only } = process.env;

export const isFew = amount === 'few';

const few: ReadonlySet<string> = new Set([
  'control plane killed during create',
  'PostgreSQL restarted during start',
  'libvirtd killed during reconfigure',
  'host cut off during stop',
  'creating',
  'converting',
]);

const fits = (title: string): boolean => only === undefined || new RegExp(only).test(title);

/** Each fault once, the operations in turn. */
export const chosen = ({ title }: { readonly title: string }, index: number): boolean => {
  if (isFew) return few.has(title);
  return only === undefined ? amount === 'all' || index % 7 === 0 : fits(title);
};

export const isTaken = (title: string): boolean => (isFew ? few.has(title) : fits(title));

/** One in the middle, or all. */
export const takenPoints = (points: readonly string[]): readonly string[] =>
  amount === 'all' ? points : points.slice(Math.floor(points.length / 2)).slice(0, 1);
