/**
 * What several sources say, as it comes, until all have ended or one fails. They are given a signal that fires when nobody reads
 * any more, and are waited for.
 */
export async function* merged<T>(
  signal: AbortSignal,
  sources: readonly ((signal: AbortSignal) => AsyncIterable<T>)[],
): AsyncIterable<T> {
  const ending = new AbortController();
  const both = AbortSignal.any([signal, ending.signal]);
  const said: T[] = [];
  const failures: unknown[] = [];
  let open = sources.length;
  let wake = (): void => undefined;
  const read = async (source: (signal: AbortSignal) => AsyncIterable<T>): Promise<void> => {
    try {
      for await (const one of source(both)) {
        said.push(one);
        wake();
      }
    } catch (error) {
      failures.push(error);
    } finally {
      open -= 1;
      wake();
    }
  };
  const reading = sources.map(read);
  try {
    for (;;) {
      for (let next = said.shift(); next !== undefined; next = said.shift()) yield next;
      if (failures.length > 0) throw failures[0];
      if (open === 0) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    ending.abort();
    await Promise.all(reading);
  }
}
