import { createRoute, z } from '@hono/zod-openapi';
import {
  checkName,
  leaseView,
  type NetworkSpec,
  networkView as networkSchema,
  networkSpec,
  parseWith,
} from '@innkeeper/model';
import type { Control } from '../control.ts';
import { leaseViews, networkView, networkViews } from '../network-views.ts';
import { putNetwork, removeNetwork } from '../networks.ts';
import { failures, json } from './answers.ts';
import type { App } from './app.ts';
import { jsonOf, refuseBodyWith } from './refusal.ts';

const body = { content: { 'application/json': { schema: networkSpec } }, required: true } as const;
const params = z.object({ name: z.string() });

const specOf = async (request: { json(): Promise<unknown>; param(): Record<string, string> }): Promise<NetworkSpec> =>
  parseWith(networkSpec, await jsonOf(request), `networks.${(request.param().name ?? '').slice(0, 80)}`);

export const addNetworks = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/networks',
      summary: 'Networks of the inventory, and those that hosts have without it',
      responses: { 200: json(z.object({ items: z.array(networkSchema) }), 'Networks'), ...failures },
    }),
    async (c) => c.json({ items: await networkViews(control, c.get('identity').scope) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/networks/{name}',
      summary: 'One network',
      request: { params },
      responses: { 200: json(networkSchema, 'The network'), ...failures },
    }),
    async (c) => c.json(await networkView(control, c.req.valid('param').name, c.get('identity').scope), 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/networks/{name}/leases',
      summary: 'Every interface of a workload on a network, with its addresses and published ports',
      request: { params },
      responses: { 200: json(z.object({ items: z.array(leaseView) }), 'Leases'), ...failures },
    }),
    async (c) => c.json({ items: await leaseViews(control, c.req.valid('param').name, c.get('identity').scope) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/networks/{name}',
      summary: 'Say what a network is; it is made where the first workload needs it',
      request: { params, body },
      responses: { 200: json(networkSchema, 'Saved'), 204: { description: 'It is so already' }, ...failures },
    }),
    async (c) => {
      const { name } = c.req.valid('param');
      checkName(name, `networks.${name.slice(0, 80)}`);
      const changed = await putNetwork(control, name, await specOf(c.req), c.get('trail'));
      return changed ? c.json(await networkView(control, name, c.get('identity').scope), 200) : c.body(null, 204);
    },
    refuseBodyWith(specOf),
  );
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/networks/{name}',
      summary: 'Remove a network that nobody uses, from all hosts',
      request: { params },
      responses: { 204: { description: 'Removed' }, ...failures },
    }),
    async (c) => {
      await removeNetwork(control, c.req.valid('param').name, c.get('trail'));
      return c.body(null, 204);
    },
  );
};
