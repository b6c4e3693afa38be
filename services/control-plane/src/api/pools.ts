import { createRoute, z } from '@hono/zod-openapi';
import { findHost } from '@innkeeper/inventory';
import { type NewPool, newPool, parseWith, poolView } from '@innkeeper/model';
import { type Control, tell } from '../control.ts';
import { addPool, poolViews, removePool } from '../pools.ts';
import { failures, json, named } from './answers.ts';
import type { App } from './app.ts';
import { jsonOf, refuseBodyWith } from './refusal.ts';

const newOf = async (request: { json(): Promise<unknown> }): Promise<NewPool> =>
  parseWith(newPool, await jsonOf(request), 'pool');

const tellChange = async (control: Control, host: string, text: string): Promise<void> => {
  const id = (await findHost(control.inventory.db, host))?.id;
  if (id !== undefined) await tell(control, { kind: 'host.changed', subject: { kind: 'host', id, name: host }, text });
};

export const addPools = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/pools',
      summary: 'Places of hosts that workloads stand on, with their room and who is there',
      responses: { 200: json(z.object({ items: z.array(poolView) }), 'Pools'), ...failures },
    }),
    async (c) => c.json({ items: await poolViews(control.inventory.db, c.get('identity')) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/hosts/{name}/pools',
      summary: 'Make a directory of a host a pool; answers what was found there',
      request: {
        params: named.params,
        body: { content: { 'application/json': { schema: newPool } }, required: true },
      },
      responses: { 201: json(poolView, 'The pool'), ...failures },
    }),
    async (c) => {
      const host = c.req.valid('param').name;
      const eyes = c.get('identity');
      const view = await addPool(control, host, await newOf(c.req), { trail: c.get('trail'), eyes });
      await tellChange(control, host, `${view.path} of ${host} was made the pool ${view.name} by ${eyes.who}`);
      return c.json(view, 201);
    },
    refuseBodyWith(newOf),
  );
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/hosts/{name}/pools/{pool}',
      summary: 'Let a directory be a pool no longer, where nothing stands in it',
      request: { params: z.object({ name: z.string(), pool: z.string() }) },
      responses: { 204: { description: 'Removed' }, ...failures },
    }),
    async (c) => {
      const { name, pool } = c.req.valid('param');
      await removePool(control, name, pool, c.get('trail'));
      await tellChange(control, name, `the pool ${pool} of ${name} was removed by ${c.get('identity').who}`);
      return c.body(null, 204);
    },
  );
};
