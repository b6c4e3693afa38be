import { createRoute, z } from '@hono/zod-openapi';
import { heldFileView, heldPath } from '@innkeeper/model';
import { backupArchive, backupFiles } from '../backups/files.ts';
import type { Control } from '../control.ts';
import { failures, json } from './answers.ts';
import type { App } from './app.ts';
import { archiveType, streamed } from './archive.ts';

const example = 'As the guest saw it, volumes at their places: /etc/hosts, /mnt/data';
const request = {
  params: z.object({ backup: z.string().meta({ description: 'Its name or id' }) }),
  query: z.object({ path: heldPath.meta({ description: example }) }),
};

/** Files of backups, which nothing is brought back for. */
export const addBackupFiles = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/backups/{backup}/files',
      summary: 'What is in a folder of a backup; of a file that itself',
      request,
      responses: { 200: json(z.object({ items: z.array(heldFileView) }), 'By name'), ...failures },
    }),
    async (c) => {
      const { backup } = c.req.valid('param');
      return c.json({ items: await backupFiles(control, backup, c.req.valid('query').path) }, 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/backups/{backup}/archive',
      summary: 'A file of a backup, or a folder with all below, as tar; the answer is cut off where it fails',
      request,
      responses: {
        200: {
          description: 'In it, it is called by the last part of the path',
          content: { [archiveType]: { schema: z.string().meta({ format: 'binary' }) } },
        },
        ...failures,
      },
    }),
    async (c) => {
      const { backup } = c.req.valid('param');
      const { path } = c.req.valid('query');
      const archive = await backupArchive(control, backup, { path, trail: c.get('trail') });
      return c.body(streamed(control, `a copy out of ${backup}`, archive), 200, { 'content-type': archiveType });
    },
  );
};
