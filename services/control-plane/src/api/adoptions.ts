import { createRoute, z } from '@hono/zod-openapi';
import { adoptRequest as adoptBody, adoptionView } from '@innkeeper/model';
import { adoptionOf, adoptRequest, releaseRequest } from '../adoption.ts';
import type { Control } from '../control.ts';
import { accepted, askerOf, changing, failures, json, named, settle } from './answers.ts';
import type { App } from './app.ts';

export const guest = { params: z.object({ id: z.string() }) };
export const onHost = {
  host: z.string().optional().meta({ description: 'Which one, where an id is that of several' }),
};

/** Guests that Innkeeper did not make: what taking them over would be, taking them over, giving them back. */
export const addAdoptions = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/guests/{id}/adoption',
      summary: 'What adopting a guest would be: its specification, and what is beyond it',
      request: { ...guest, query: z.object(onHost) },
      responses: { 200: json(adoptionView, 'Nothing is changed by asking'), ...failures },
    }),
    async (c) => c.json(await adoptionOf(control, { ...c.req.valid('param'), ...c.req.valid('query') }), 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/guests/{id}/adopt',
      summary: 'Take a guest over where it is, without a restart, changing nothing of it but its metadata',
      request: {
        ...guest,
        headers: changing.headers,
        query: changing.query.extend(onHost),
        body: { content: { 'application/json': { schema: adoptBody } }, required: true },
      },
      responses: accepted,
    }),
    async (c) => {
      const { host, wait } = c.req.valid('query');
      const row = await adoptRequest(control, { id: c.req.valid('param').id, host }, c.req.valid('json'), askerOf(c));
      const { view, status } = await settle(control, row, wait);
      c.header('location', `/v1/operations/${row.id}`);
      return c.json(view, status);
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/workloads/{name}/release',
      summary: 'Give an adopted guest back as it was; it runs on',
      request: { ...named, ...changing },
      responses: accepted,
    }),
    async (c) => {
      const row = await releaseRequest(control, c.req.valid('param').name, askerOf(c));
      const { view, status } = await settle(control, row, c.req.valid('query').wait);
      c.header('location', `/v1/operations/${row.id}`);
      return c.json(view, status);
    },
  );
};
