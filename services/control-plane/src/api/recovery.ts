import { createRoute } from '@hono/zod-openapi';
import { parseWith, recoverRequest, recoveryView } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { recover } from '../recovery/recover.ts';
import { failures, json } from './answers.ts';
import type { App } from './app.ts';
import { jsonOf, refuseBodyWith } from './refusal.ts';

const requestOf = async (request: { json(): Promise<unknown> }) =>
  parseWith(recoverRequest, await jsonOf(request), 'recover');

/** The inventory from the hosts, after a loss of the database or a dump of an earlier time. */
export const addRecovery = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/recover',
      summary: 'Rebuild what the inventory lacks from what the hosts say; without apply only say what that would be',
      request: { body: { content: { 'application/json': { schema: recoverRequest } }, required: true } },
      responses: { 200: json(recoveryView, 'What is, or would be, rebuilt'), ...failures },
    }),
    async (c) => {
      return c.json(await recover(control, await requestOf(c.req), c.get('identity').who), 200);
    },
    refuseBodyWith(requestOf),
  );
};
