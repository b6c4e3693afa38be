import { createRoute, z } from '@hono/zod-openapi';
import { auditView, createdToken, meView, newToken, tokenView } from '@innkeeper/model';
import { auditPage } from '../access/log.ts';
import { createToken, removeToken, tokenViews } from '../access/tokens.ts';
import type { Control } from '../control.ts';
import { failures, json } from './answers.ts';
import type { App } from './app.ts';

const most = 1000;

const auditQuery = z.object({
  workload: z.string().max(200).optional(),
  who: z.string().max(200).optional(),
  since: z.string().max(100).optional().meta({ description: 'How long ago, such as 1h, or a time' }),
  before: z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: '`next` of the page before' }),
  limit: z.coerce.number().int().min(1).max(most).optional(),
});

const auditAnswer = z.object({ items: z.array(auditView), next: z.string().optional() });

/** Who may use the API, and what they did with it. */
export const addAccess = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/me',
      summary: 'Who asks, and what they may',
      responses: { 200: json(meView, 'Who asks'), ...failures },
    }),
    (c) => {
      const { who, role, scope = [] } = c.get('identity');
      return c.json({ who, role, projects: [...scope] }, 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/tokens',
      summary: 'Tokens, without their secrets; revoked ones too',
      responses: { 200: json(z.object({ items: z.array(tokenView) }), 'Tokens'), ...failures },
    }),
    async (c) => c.json({ items: await tokenViews(control) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/tokens',
      summary: 'Make a token; its secret is shown this once',
      request: { body: { content: { 'application/json': { schema: newToken } }, required: true } },
      responses: { 201: json(createdToken, 'The token'), ...failures },
    }),
    async (c) => c.json(await createToken(control, c.req.valid('json'), c.get('trail')), 201),
  );
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/tokens/{id}',
      summary: 'Revoke a token',
      request: { params: z.object({ id: z.uuid() }) },
      responses: { 204: { description: 'Revoked' }, ...failures },
    }),
    async (c) => {
      await removeToken(control, c.req.valid('param').id, c.get('trail'));
      return c.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/audit',
      summary: 'What was changed or tried, by whom, from where; newest first',
      request: { query: auditQuery },
      responses: { 200: json(auditAnswer, 'Entries; `next` where there may be older ones'), ...failures },
    }),
    async (c) => {
      const { limit = 100, ...asked } = c.req.valid('query');
      return c.json(await auditPage(control, { ...asked, limit }, c.get('identity').scope), 200);
    },
  );
};
