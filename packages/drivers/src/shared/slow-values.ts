/** Values that are dear to find (walking a directory tree): kept for a while, found by one caller at a time. */
export const slowValues = <T>(keepMs: number, find: (key: string) => Promise<T>): ((key: string) => Promise<T>) => {
  const kept = new Map<string, { readonly value: Promise<T>; readonly atMs: number }>();
  return (key) => {
    const entry = kept.get(key);
    if (entry !== undefined && Date.now() - entry.atMs < keepMs) return entry.value;
    const value = find(key);
    kept.set(key, { value, atMs: Date.now() });
    value.catch(() => kept.delete(key));
    return value;
  };
};
