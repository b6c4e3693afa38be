import { createRoute, z } from '@hono/zod-openapi';
import { type ImageRequest, imageRequest, imageView as imageSchema, parseWith } from '@innkeeper/model';
import type { Context } from 'hono';
import type { Control } from '../control.ts';
import { beginImport, beginRefresh, removeImage } from '../images/change.ts';
import { imageViewOf, imageViews } from '../images/views.ts';
import { failures, json, waitMs } from './answers.ts';
import type { App, AppEnv } from './app.ts';
import { jsonOf, refuseBodyWith } from './refusal.ts';

/** A name with a slash is one part of the path: `alpine%2F3.20`. */
const params = z.object({ name: z.string() });
const query = z.object({
  wait: z.string().optional().meta({ description: 'Hold the answer until done, at most this long: 30s' }),
});
const begun = {
  200: json(imageSchema, 'Done within the wait'),
  202: json(imageSchema, 'Begun; ask for the image until its state is another, and no progress is told'),
  ...failures,
};

const requestOf = async (request: { json(): Promise<unknown> }): Promise<ImageRequest> =>
  parseWith(imageRequest, await jsonOf(request), 'image');

/** What has failed within the wait is the answer itself. */
const answer = async (c: Context<AppEnv>, control: Control, name: string, wait: string | undefined) => {
  const { imageJobs } = control;
  await imageJobs.wait(name, waitMs(wait));
  const job = imageJobs.of(name);
  if (job?.error !== undefined) throw job.error;
  return {
    view: await imageViewOf(control, name, c.get('identity').scope),
    status: job?.running === true ? (202 as const) : (200 as const),
  };
};

/** Images, and what brings them. */
export const addImages = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/images',
      summary: 'Images that workloads can be made from',
      responses: { 200: json(z.object({ items: z.array(imageSchema) }), 'Images'), ...failures },
    }),
    async (c) => c.json({ items: await imageViews(control, c.get('identity').scope) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/images/{name}',
      summary: 'One image, also while it is being fetched',
      request: { params },
      responses: { 200: json(imageSchema, 'The image'), ...failures },
    }),
    async (c) => c.json(await imageViewOf(control, c.req.valid('param').name, c.get('identity').scope), 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/images',
      summary: 'Import an image from a file of the machine or an address, or pull one from a simplestreams server',
      request: { query, body: { content: { 'application/json': { schema: imageRequest } }, required: true } },
      responses: begun,
    }),
    async (c) => {
      const { wait } = c.req.valid('query');
      waitMs(wait);
      const request = await requestOf(c.req);
      await beginImport(control, request, c.get('trail'));
      const { view, status } = await answer(c, control, request.name, wait);
      return c.json(view, status);
    },
    refuseBodyWith(requestOf),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/images/{name}/refresh',
      summary: 'Fetch an imported image anew when its source has changed',
      request: { params, query },
      responses: begun,
    }),
    async (c) => {
      const { name } = c.req.valid('param');
      const { wait } = c.req.valid('query');
      waitMs(wait);
      await beginRefresh(control, name, c.get('trail'));
      const { view, status } = await answer(c, control, name, wait);
      return c.json(view, status);
    },
  );
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/images/{name}',
      summary: 'Remove an imported image that no workload is made of',
      request: { params },
      responses: { 204: { description: 'Removed' }, ...failures },
    }),
    async (c) => {
      await removeImage(control, c.req.valid('param').name, c.get('trail'));
      return c.body(null, 204);
    },
  );
};
