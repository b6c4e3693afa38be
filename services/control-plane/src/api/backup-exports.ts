import { createRoute, z } from '@hono/zod-openapi';
import { backupView, InnkeeperError } from '@innkeeper/model';
import { exportBackup, importBackups } from '../backups/exported.ts';
import type { Control } from '../control.ts';
import { failures, json } from './answers.ts';
import type { App } from './app.ts';
import { archiveType, streamed } from './archive.ts';

const file = { [archiveType]: { schema: z.string().meta({ format: 'binary' }) } };

async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const piece of body) yield Buffer.from(piece);
}

/** Backups as files, which another installation takes as well. */
export const addBackupExports = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/backups/{backup}/export',
      summary:
        'A backup and its image as one file, which whoever has it can read; the answer is cut off where it fails',
      request: { params: z.object({ backup: z.string().meta({ description: 'Its name or id' }) }) },
      responses: { 200: { description: 'As POST /v1/backups takes it', content: file }, ...failures },
    }),
    async (c) => {
      const { backup } = c.req.valid('param');
      const exported = await exportBackup(control, backup, { trail: c.get('trail'), signal: c.req.raw.signal });
      return c.body(streamed(control, `the export of ${backup}`, exported), 200, { 'content-type': archiveType });
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/backups',
      summary: 'Send a backup that was exported, here or elsewhere, to a target, and make it known',
      request: {
        query: z.object({ to: z.string().optional().meta({ description: 'The target; the only one without it' }) }),
        body: { content: file, required: true },
      },
      responses: { 200: json(z.object({ items: z.array(backupView) }), 'The backups in it'), ...failures },
    }),
    async (c) => {
      const { body, signal } = c.req.raw;
      if (body === null)
        throw new InnkeeperError('invalid', 'There is no file in this request', {
          hint: `send one that was exported, as ${archiveType}`,
        });
      const { to } = c.req.valid('query');
      const items = await importBackups(control, to, piecesOf(body), { trail: c.get('trail'), signal });
      return c.json({ items }, 200);
    },
  );
};
