/** Runs a task when one of the places is free; who waits longest goes first. */
export type Limiter = <T>(task: () => Promise<T>) => Promise<T>;

/** At most `places` tasks at a time. */
export const limiter = (places: number): Limiter => {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
};
