import { createRoute, z } from '@hono/zod-openapi';
import {
  backupTargetView,
  InnkeeperError,
  type NewBackupTarget,
  newBackupTarget,
  parseWith,
  scanView,
} from '@innkeeper/model';
import { pruneTarget } from '../backups/prune.ts';
import { scanTarget } from '../backups/scan.ts';
import { addTarget, removeTarget, targetViews } from '../backups/targets.ts';
import type { Control } from '../control.ts';
import { failures, json } from './answers.ts';
import type { App } from './app.ts';
import { jsonOf, refuseBodyWith } from './refusal.ts';

const params = z.object({ name: z.string() });

const requestOf = async (request: { json(): Promise<unknown> }): Promise<NewBackupTarget> =>
  parseWith(newBackupTarget, await jsonOf(request), 'target');

const viewOf = async (control: Control, name: string) => {
  const found = (await targetViews(control)).find((one) => one.name === name);
  if (found === undefined) throw new InnkeeperError('not_found', `There is no backup target ${name.slice(0, 80)}`);
  return found;
};

/** Where backups go. */
export const addBackupTargets = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/backup-targets',
      summary: 'Where backups go; of secrets the names of their files',
      responses: { 200: json(z.object({ items: z.array(backupTargetView) }), 'Targets'), ...failures },
    }),
    async (c) => c.json({ items: await targetViews(control) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/backup-targets',
      summary: 'Make a target known; its repository is made where there is none',
      request: { body: { content: { 'application/json': { schema: newBackupTarget } }, required: true } },
      responses: { 201: json(backupTargetView, 'It is known'), ...failures },
    }),
    async (c) => {
      const asked = await requestOf(c.req);
      await addTarget(control, asked, c.get('trail'));
      return c.json(await viewOf(control, asked.name), 201);
    },
    refuseBodyWith(requestOf),
  );
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/backup-targets/{name}',
      summary: 'A target is known no longer; what is in its repository stays',
      request: {
        params,
        query: z.object({
          forget: z.enum(['true', 'false']).optional().meta({ description: 'true: also where it has backups' }),
        }),
      },
      responses: { 204: { description: 'Removed' }, ...failures },
    }),
    async (c) => {
      const forget = c.req.valid('query').forget === 'true';
      await removeTarget(control, c.req.valid('param').name, { forget, trail: c.get('trail') });
      return c.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/backup-targets/{name}/scan',
      summary: 'Look into a repository: what is there and not known is known again',
      request: { params },
      responses: { 200: json(scanView, 'What has changed of what is known'), ...failures },
    }),
    async (c) => c.json(await scanTarget(control, c.req.valid('param').name, c.get('trail')), 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/backup-targets/{name}/prune',
      summary: 'Give back the room of backups that were removed; nobody may be at work in the repository meanwhile',
      request: { params },
      responses: { 204: { description: 'Done' }, ...failures },
    }),
    async (c) => {
      await pruneTarget(control, c.req.valid('param').name, c.get('trail'));
      return c.body(null, 204);
    },
  );
};
