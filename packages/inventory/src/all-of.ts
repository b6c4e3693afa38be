/**
 * `Promise.all` that fails only when all have ended: what is still asked of a transaction after its end would be done
 * outside of it. A statement of drizzle is sent whenever somebody waits for it: here it is once.
 */
export const allOf = async <T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: PromiseLike<T[K]> }],
): Promise<T> => {
  const begun = work.map((one) => Promise.resolve(one));
  await Promise.allSettled(begun);
  return (await Promise.all(begun)) as unknown as T;
};
