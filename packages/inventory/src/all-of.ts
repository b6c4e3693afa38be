/**
 * `Promise.all` that fails only when all have ended: what is still asked of a transaction after its end would be done
 * outside of it.
 */
export const allOf = async <T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> => {
  await Promise.allSettled(work);
  return (await Promise.all(work)) as unknown as T;
};
