import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './app.ts';

/** More at a time would only wait for the database together, each with all that it has read. */
const placesForChanges = 16;
const placesForReading = 16;

/** Lets that many in at a time, in the order in which they came. */
export const openGate = (places: number): (<T>(work: () => Promise<T>) => Promise<T>) => {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => void waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
};

/** Long by intent: they wait for something to happen, and hold nothing meanwhile. */
const waits = (path: string, search: URLSearchParams): boolean => path === '/v1/events' || search.has('wait');

/** A thousand requests at once are all accepted and answered one after the other: memory and time of each stay what they are. */
export const gate = (): MiddlewareHandler<AppEnv> => {
  const [changes, reading] = [openGate(placesForChanges), openGate(placesForReading)];
  return async (c, next) => {
    const { pathname, searchParams } = new URL(c.req.url);
    if (waits(pathname, searchParams)) return next();
    return (c.req.method === 'GET' ? reading : changes)(next);
  };
};
