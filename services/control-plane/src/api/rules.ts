import { createRoute, z } from '@hono/zod-openapi';
import { InnkeeperError, parseWith, type Rule, rule, ruleTest, ruleVersion, ruleView } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { putRule, removeRule, ruleVersions, ruleViews, testRule } from '../rules.ts';
import { failures, json } from './answers.ts';
import type { App } from './app.ts';
import { jsonOf, refuseBodyWith } from './refusal.ts';

const body = { content: { 'application/json': { schema: rule } }, required: true } as const;
const params = z.object({ id: z.string() });

const ruleOf = async (request: { json(): Promise<unknown> }): Promise<Rule> =>
  parseWith(rule, await jsonOf(request), 'rule');

export const addRules = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/rules',
      summary: 'The rules that are in force, shipped ones too',
      responses: { 200: json(z.object({ items: z.array(ruleView) }), 'Rules'), ...failures },
    }),
    async (c) => c.json({ items: await ruleViews(control) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/rules/{id}/versions',
      summary: 'Every version of a rule, newest first',
      request: { params },
      responses: { 200: json(z.object({ items: z.array(ruleVersion) }), 'Versions'), ...failures },
    }),
    async (c) => c.json({ items: await ruleVersions(control, c.req.valid('param').id) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/rules/test',
      summary: 'What a rule would do to what there is, saving nothing',
      request: { body },
      responses: { 200: json(ruleTest, 'Where it holds, and what that does'), ...failures },
    }),
    async (c) => c.json(await testRule(control, await ruleOf(c.req)), 200),
    refuseBodyWith(ruleOf),
  );
  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/rules/{id}',
      summary: 'Save a rule; each change is a version of its own',
      request: { params, body },
      responses: { 200: json(ruleView, 'Saved'), 204: { description: 'It is so already' }, ...failures },
    }),
    async (c) => {
      const saved = await ruleOf(c.req);
      const { id } = c.req.valid('param');
      if (saved.id !== id)
        throw new InnkeeperError(
          'invalid',
          `The rule in the body is called ${saved.id}, the address says ${id.slice(0, 80)}`,
        );
      const view = await putRule(control, saved, c.get('trail'));
      return view === undefined ? c.body(null, 204) : c.json(view, 200);
    },
    refuseBodyWith(ruleOf),
  );
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/rules/{id}',
      summary: 'Remove a rule; its versions stay',
      request: { params },
      responses: { 204: { description: 'Removed' }, ...failures },
    }),
    async (c) => {
      await removeRule(control, c.req.valid('param').id, c.get('trail'));
      return c.body(null, 204);
    },
  );
};
