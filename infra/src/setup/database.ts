import { ensureDatabase, isDatabaseCurrent } from '../database.ts';
import type { Step } from './step.ts';

export const database: Step = {
  name: 'database',
  why: 'the inventory: what was asked for, placements, operations',
  check: async ({ host, paths, databaseUrl }) => {
    if (databaseUrl !== undefined) return { done: true, text: 'the one of DATABASE_URL is used' };
    return (await isDatabaseCurrent(host, paths))
      ? { done: true, text: `PostgreSQL runs on ${paths.databaseSocket}` }
      : { done: false, text: 'starting PostgreSQL' };
  },
  apply: async ({ host, paths }) => {
    const { started } = await ensureDatabase(host, paths);
    return `PostgreSQL ${started ? 'started' : 'runs'} on ${paths.databaseSocket} (no TCP), data in ${paths.databaseData}`;
  },
};
