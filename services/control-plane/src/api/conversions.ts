import { createRoute, z } from '@hono/zod-openapi';
import { conversionView, convertRequest as convertBody } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { conversionOf, convertRequest, endConversion } from '../conversion.ts';
import { guest, onHost } from './adoptions.ts';
import { accepted, askerOf, changing, failures, json, named, settle } from './answers.ts';
import type { App } from './app.ts';

const endings = [
  ['confirm', 'Delete what was kept of the classic container that a workload was converted from'],
  ['revert', 'Turn a converted workload that does not run back into the classic container that it was'],
] as const;

/** Classic containers that become ones of libvirt. */
export const addConversions = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/guests/{id}/conversion',
      summary: 'What converting a classic container would be, and what would be lost',
      request: { ...guest, query: z.object(onHost) },
      responses: { 200: json(conversionView, 'Nothing is changed by asking'), ...failures },
    }),
    async (c) => c.json(await conversionOf(control, { ...c.req.valid('param'), ...c.req.valid('query') }), 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/guests/{id}/convert',
      summary: 'Make a classic container that does not run one of libvirt, on the root that it has',
      request: {
        ...guest,
        headers: changing.headers,
        query: changing.query.extend(onHost),
        body: { content: { 'application/json': { schema: convertBody } }, required: true },
      },
      responses: accepted,
    }),
    async (c) => {
      const { host, wait } = c.req.valid('query');
      const row = await convertRequest(control, { id: c.req.valid('param').id, host }, c.req.valid('json'), askerOf(c));
      const { view, status } = await settle(control, row, wait);
      c.header('location', `/v1/operations/${row.id}`);
      return c.json(view, status);
    },
  );
  for (const [kind, summary] of endings) {
    app.openapi(
      createRoute({
        method: 'post',
        path: `/v1/workloads/{name}/${kind}`,
        summary,
        request: { ...named, ...changing },
        responses: accepted,
      }),
      async (c) => {
        const row = await endConversion(control, c.req.valid('param').name, kind, askerOf(c));
        const { view, status } = await settle(control, row, c.req.valid('query').wait);
        c.header('location', `/v1/operations/${row.id}`);
        return c.json(view, status);
      },
    );
  }
};
