import { createRoute, z } from '@hono/zod-openapi';
import { findOperation, listOperations, type OperationRow, requestCancel, stepsOf } from '@innkeeper/inventory';
import { InnkeeperError, operationView } from '@innkeeper/model';
import { record } from '../access/trail.ts';
import type { Control } from '../control.ts';
import { retryOperation } from '../retry.ts';
import { operationViewOf } from '../views.ts';
import { accepted, askerOf, changing, failures, json, settle, viewOf } from './answers.ts';
import type { App } from './app.ts';

export const addOperations = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operations',
      summary: 'Operations, newest first',
      request: { query: z.object({ limit: z.coerce.number().int().min(1).max(1000).optional() }) },
      responses: { 200: json(z.object({ items: z.array(operationView) }), 'Operations'), ...failures },
    }),
    async (c) => {
      const rows = await listOperations(control.inventory.db, {
        limit: c.req.valid('query').limit ?? 50,
        scope: c.get('identity').scope,
      });
      const steps = await stepsOf(
        control.inventory.db,
        rows.map(({ id }) => id),
      );
      return c.json({ items: rows.map((row) => operationViewOf(row, steps)) }, 200);
    },
  );
  const known = async (id: string): Promise<OperationRow> => {
    const row = z.uuid().safeParse(id).success ? await findOperation(control.inventory.db, id) : undefined;
    if (row === undefined)
      throw new InnkeeperError('not_found', `There is no operation ${id.slice(0, 80)}`, {
        hint: 'inn operation ls shows the latest',
      });
    return row;
  };
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operations/{id}',
      summary: 'One operation with its steps',
      request: { params: z.object({ id: z.string() }), query: z.object({ wait: z.string().optional() }) },
      responses: { 200: json(operationView, 'The operation'), ...failures },
    }),
    async (c) => {
      const row = await known(c.req.valid('param').id);
      const { view } = await settle(control, row, c.req.valid('query').wait);
      return c.json(view, 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operations/{id}/cancel',
      summary: 'Cancel at the next step and undo what was done',
      request: { params: z.object({ id: z.string() }) },
      responses: { 202: json(operationView, 'Will be cancelled'), ...failures },
    }),
    async (c) => {
      const row = await known(c.req.valid('param').id);
      await control.inventory.transaction(async (tx) => {
        if (!(await requestCancel(tx, row.id, c.get('identity').who)))
          throw new InnkeeperError('conflict', `The operation ${row.id} is ${row.state} already`);
        await record(tx, c.get('trail'), {
          resource: { kind: 'operation', name: row.workloadName },
          project: row.project,
          after: { cancelled: row.kind },
          operationId: row.id,
        });
      });
      return c.json(await viewOf(control, await known(row.id)), 202);
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operations/{id}/retry',
      summary: 'Ask once more for what failed or was cancelled, as it is wanted now',
      request: { params: z.object({ id: z.string() }), ...changing },
      responses: { ...accepted, 204: { description: 'It is so already' } },
    }),
    async (c) => {
      const earlier = await known(c.req.valid('param').id);
      const row = await retryOperation(control, earlier, askerOf(c), c.get('identity'));
      if (row === undefined) return c.body(null, 204);
      const { view, status } = await settle(control, row, c.req.valid('query').wait);
      c.header('location', `/v1/operations/${row.id}`);
      return c.json(view, status);
    },
  );
};
