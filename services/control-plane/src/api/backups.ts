import { createRoute, z } from '@hono/zod-openapi';
import type { OperationRow } from '@innkeeper/inventory';
import { backupView, newBackup, newRestoration, retentionView } from '@innkeeper/model';
import type { Context } from 'hono';
import { removeBackup } from '../backups/remove.ts';
import { anyBackup, backupRequest, restorationRequest, verificationRequest } from '../backups/requests.ts';
import { backupViewOf, backupViews } from '../backups/views.ts';
import type { Control } from '../control.ts';
import { retentionPlan } from '../snapshots/retention.ts';
import { accepted, askerOf, changing, failures, json, named, settle } from './answers.ts';
import type { App, AppEnv } from './app.ts';

const one = { params: z.object({ backup: z.string().meta({ description: 'Its name or id' }) }) };

const answer = async (c: Context<AppEnv>, control: Control, row: OperationRow, wait: string | undefined) => {
  c.header('location', `/v1/operations/${row.id}`);
  return settle(control, row, wait);
};

/** What workloads held, kept elsewhere, and workloads that are made of it. */
export const addBackups = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/backups',
      summary: 'Backups, in the order in which they were made, also of workloads that are gone',
      request: { query: z.object({ workload: z.string().optional(), target: z.string().optional() }) },
      responses: { 200: json(z.object({ items: z.array(backupView) }), 'Backups'), ...failures },
    }),
    async (c) => c.json({ items: await backupViews(control, c.req.valid('query'), c.get('identity').scope) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/backups/{backup}',
      summary: 'One backup',
      request: one,
      responses: { 200: json(backupView, 'The backup'), ...failures },
    }),
    async (c) => c.json(backupViewOf(await anyBackup(control.inventory.db, c.req.valid('param').backup)), 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/workloads/{name}/backups',
      summary: 'Send what a workload holds now to a backup target; one that runs is frozen for a moment',
      request: {
        ...named,
        ...changing,
        body: { content: { 'application/json': { schema: newBackup } }, required: true },
      },
      responses: accepted,
    }),
    async (c) => {
      const row = await backupRequest(control, c.req.valid('param').name, c.req.valid('json'), askerOf(c));
      const { view, status } = await answer(c, control, row, c.req.valid('query').wait);
      return c.json(view, status);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads/{name}/backup-retention',
      summary: 'What would be kept of its backups, by what its manifest says or by what is asked; nothing is done',
      request: {
        ...named,
        query: z.object({
          keep: z.string().max(200).optional().meta({ description: 'Such as last=3,daily=7,weekly=4' }),
        }),
      },
      responses: { 200: json(retentionView, 'Each backup with what keeps it'), ...failures },
    }),
    async (c) =>
      c.json(await retentionPlan(control, 'backups', c.req.valid('param').name, c.req.valid('query').keep), 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/backups/{backup}/restore',
      summary: 'Make a workload that holds what the workload of a backup held',
      request: {
        ...one,
        ...changing,
        body: { content: { 'application/json': { schema: newRestoration } }, required: true },
      },
      responses: accepted,
    }),
    async (c) => {
      const row = await restorationRequest(control, c.req.valid('param').backup, c.req.valid('json'), askerOf(c));
      const { view, status } = await answer(c, control, row, c.req.valid('query').wait);
      return c.json(view, status);
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/backups/{backup}/verify',
      summary: 'Bring a backup back as a workload without a network, see that it starts, and take that away again',
      request: { ...one, ...changing },
      responses: accepted,
    }),
    async (c) => {
      const row = await verificationRequest(control, c.req.valid('param').backup, askerOf(c));
      const { view, status } = await answer(c, control, row, c.req.valid('query').wait);
      return c.json(view, status);
    },
  );
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/backups/{backup}',
      summary: 'Remove a backup from its repository; others stay whole',
      request: one,
      responses: { 204: { description: 'Removed' }, ...failures },
    }),
    async (c) => {
      await removeBackup(control, c.req.valid('param').backup, c.get('trail'));
      return c.body(null, 204);
    },
  );
};
