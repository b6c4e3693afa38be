import { createRoute, z } from '@hono/zod-openapi';
import { InnkeeperError, workloadDiff } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { diffViews } from '../diff-views.ts';
import { failures, json, named } from './answers.ts';
import type { App } from './app.ts';

/** What was asked against what is there. */
export const addDiffs = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/diff',
      summary: 'What was asked of each workload against what is there',
      responses: { 200: json(z.object({ items: z.array(workloadDiff) }), 'Every workload'), ...failures },
    }),
    async (c) => c.json({ items: await diffViews(control, c.get('identity')) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads/{name}/diff',
      summary: 'What was asked of a workload against what is there, and what sets it right',
      request: named,
      responses: { 200: json(workloadDiff, 'The workload'), ...failures },
    }),
    async (c) => {
      const [found] = await diffViews(control, c.get('identity'), c.req.valid('param').name);
      if (found === undefined) throw new InnkeeperError('internal', 'A workload that is there has no difference');
      return c.json(found, 200);
    },
  );
};
