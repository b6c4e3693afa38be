import { limiter } from '@innkeeper/host';
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './app.ts';

/** More at a time would only wait for the database together, each with all that it has read. */
const placesForChanges = 16;
const placesForReading = 16;

/** Long by intent: they wait for something to happen, and hold nothing meanwhile. */
const waits = (path: string, search: URLSearchParams): boolean => path === '/v1/events' || search.has('wait');

/** A thousand requests at once are all accepted and answered one after the other: memory and time of each stay what they are. */
export const gate = (): MiddlewareHandler<AppEnv> => {
  const [changes, reading] = [limiter(placesForChanges), limiter(placesForReading)];
  return async (c, next) => {
    const { pathname, searchParams } = new URL(c.req.url);
    if (waits(pathname, searchParams)) return next();
    return (c.req.method === 'GET' ? reading : changes)(next);
  };
};
