/**
 * Figures that are dear to find (walking directory trees), by key: found for all that are asked for at once, and kept
 * for a while.
 */
export const slowValues = <T>(
  keepMs: number,
  find: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>,
): ((keys: readonly string[]) => Promise<ReadonlyMap<string, T>>) => {
  const kept = new Map<string, { readonly value: T | undefined; readonly atMs: number }>();
  let finding: Promise<void> = Promise.resolve();
  const refresh = async (keys: readonly string[]): Promise<void> => {
    const now = Date.now();
    for (const [key, { atMs }] of kept) if (now - atMs >= keepMs) kept.delete(key);
    const missing = keys.filter((key) => !kept.has(key));
    if (missing.length === 0) return;
    const found = await find(missing);
    for (const key of missing) kept.set(key, { value: found.get(key), atMs: Date.now() });
  };
  return async (keys) => {
    // One after the other: who asks meanwhile gets what the first has found.
    finding = finding.catch(() => undefined).then(() => refresh(keys));
    await finding;
    return new Map(
      keys.flatMap((key): [string, T][] => {
        const value = kept.get(key)?.value;
        return value === undefined ? [] : [[key, value]];
      }),
    );
  };
};
