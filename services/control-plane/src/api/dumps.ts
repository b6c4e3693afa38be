import { createRoute, z } from '@hono/zod-openapi';
import { dumpView, InnkeeperError } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { dumpViews, makeDump } from '../dumps/dumps.ts';
import { failures, json } from './answers.ts';
import type { App } from './app.ts';

/** Dumps of the embedded database, which are files of the machine that the control plane runs on. */
export const addDumps = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/dumps',
      summary: 'Dumps of the database that are kept, newest first',
      responses: { 200: json(z.object({ items: z.array(dumpView) }), 'Dumps'), ...failures },
    }),
    async (c) => c.json({ items: await dumpViews(control.config) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/dumps',
      summary: 'Dump the database now',
      responses: { 201: json(dumpView, 'The dump'), ...failures },
    }),
    async (c) => {
      const path = await makeDump(control);
      const made = (await dumpViews(control.config)).find((one) => one.path === path);
      if (made === undefined) throw new InnkeeperError('internal', 'The dump that was made is not there');
      return c.json(made, 201);
    },
  );
};
