import type { QueryClient } from '@tanstack/react-query';

/** Of a query that costs its asker, or the hosts, too much to be asked again whenever something has changed. */
export const ownPace = { ownPace: true } as const;

/** Asks again for everything that may have changed. */
export const refresh = (client: QueryClient): Promise<void> =>
  client.invalidateQueries({ predicate: ({ meta }) => meta?.ownPace !== true });
