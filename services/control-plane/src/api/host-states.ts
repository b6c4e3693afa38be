import { createRoute } from '@hono/zod-openapi';
import { confirmDead, drainPlan, hostView, parseWith } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { sayBack, sayDead } from '../fleet/dead.ts';
import { drainPlanOf } from '../fleet/drain.ts';
import { noSuchHost } from '../fleet/remove.ts';
import { hostViews } from '../host-views.ts';
import { failures, json, named } from './answers.ts';
import type { App } from './app.ts';
import { jsonOf, refuseBodyWith } from './refusal.ts';

const typedName = async (request: { json(): Promise<unknown> }) =>
  parseWith(confirmDead, await jsonOf(request), 'host');

/** What people say of hosts that fail, and how one is emptied. */
export const addHostStates = (app: App, control: Control): void => {
  const viewOf = async (name: string) => {
    const view = (await hostViews(control.inventory.db, control.installation)).find((one) => one.name === name);
    if (view === undefined) throw noSuchHost(name);
    return view;
  };
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/hosts/{name}/drain',
      summary: 'In which order the workloads of a host would be stopped, and what stands in the way',
      request: named,
      responses: { 200: json(drainPlan, 'Nothing is changed by asking'), ...failures },
    }),
    async (c) => c.json(await drainPlanOf(control, c.req.valid('param').name), 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/hosts/{name}/confirm-dead',
      summary: 'Say that a host that does not answer is off; frees nothing, and quarantines it when it is back',
      request: { ...named, body: { content: { 'application/json': { schema: confirmDead } }, required: true } },
      responses: { 200: json(hostView, 'The host'), ...failures },
    }),
    async (c) => {
      const identity = c.get('identity');
      const { name } = c.req.valid('param');
      await sayDead(control, name, (await typedName(c.req)).name, identity.who);
      return c.json(await viewOf(name), 200);
    },
    refuseBodyWith(typedName),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/hosts/{name}/return',
      summary: 'Say that a quarantined host may be used again',
      request: named,
      responses: { 200: json(hostView, 'The host'), ...failures },
    }),
    async (c) => {
      const identity = c.get('identity');
      const { name } = c.req.valid('param');
      await sayBack(control, name, identity.who);
      return c.json(await viewOf(name), 200);
    },
  );
};
