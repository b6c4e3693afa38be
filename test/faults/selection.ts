/** `all`: every fault during every operation, and a kill at every point, an hour and more. Else a part of it. */
const everything = process.env.INNKEEPER_FAULTS === 'all';
const only = process.env.INNKEEPER_FAULTS_ONLY;

const fits = (title: string): boolean => only === undefined || new RegExp(only).test(title);

/** Each fault once, the operations in turn. */
export const chosen = ({ title }: { readonly title: string }, index: number): boolean =>
  only === undefined ? everything || index % 7 === 0 : fits(title);

/** One in the middle. */
export const takenPoints = (title: string, points: readonly string[]): readonly string[] => {
  if (everything) return points;
  if (!fits(title)) return [];
  return points.slice(Math.floor(points.length / 2)).slice(0, 1);
};
