import { limiter } from '@innkeeper/host';
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './app.ts';
import { takesFile } from './bodies.ts';

/** More at a time would only wait for the database together, each with all that it has read. */
const placesForChanges = 16;
const placesForReading = 16;

/** A thousand requests at once are all accepted and answered one after the other: memory and time of each stay what they are. */
export const gate = (): MiddlewareHandler<AppEnv> => {
  const [changes, reading] = [limiter(placesForChanges), limiter(placesForReading)];
  return async (c, next) => {
    // Long by intent: they wait for something to happen, and hold nothing meanwhile.
    if (c.req.path === '/v1/events' || c.req.query('wait') !== undefined || takesFile(c.req)) return next();
    return (c.req.method === 'GET' ? reading : changes)(next);
  };
};
