import { createRoute, z } from '@hono/zod-openapi';
import { deleteToken, listTokens } from '@innkeeper/inventory';
import {
  createdToken,
  finding,
  InnkeeperError,
  imageView,
  knownImages,
  manifestJsonSchema,
  newToken,
  tokenView,
  versionView,
} from '@innkeeper/model';
import type { Control } from '../control.ts';
import { diagnose } from '../doctor.ts';
import { createToken, demand } from '../identity.ts';
import { hostViews } from '../views.ts';
import { failures, json } from './answers.ts';
import type { App } from './app.ts';

export const addMachine = (app: App, control: Control): void => {
  const { db } = control.inventory;
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/schema',
      summary: 'JSON Schema of a manifest, for editors',
      responses: { 200: json(z.record(z.string(), z.unknown()), 'JSON Schema 2020-12'), ...failures },
    }),
    (c) => c.json(manifestJsonSchema(), 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/images',
      summary: 'Images known by name',
      responses: { 200: json(z.object({ items: z.array(imageView) }), 'Images'), ...failures },
    }),
    async (c) => {
      const hosts = await hostViews(db, control.installation);
      const items = knownImages().map(({ name, family, title, variants }) => ({
        name,
        family,
        title,
        variants: [...variants],
        hosts: hosts.filter(({ images }) => images.includes(name)).map((host) => host.name),
      }));
      return c.json({ items }, 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/doctor',
      summary: 'What is not well, and what to do',
      responses: { 200: json(z.object({ items: z.array(finding) }), 'Findings'), ...failures },
    }),
    async (c) => c.json({ items: await diagnose(control) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/tokens',
      summary: 'Tokens, without their secrets',
      responses: { 200: json(z.object({ items: z.array(tokenView) }), 'Tokens'), ...failures },
    }),
    async (c) => {
      demand(c.get('identity'), 'admin');
      const items = (await listTokens(db)).map((row) => ({
        id: row.id,
        name: row.name,
        role: row.role,
        createdAt: row.createdAt.toISOString(),
        ...(row.lastUsedAt === null ? {} : { lastUsedAt: row.lastUsedAt.toISOString() }),
      }));
      return c.json({ items }, 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/tokens',
      summary: 'Make a token; its secret is shown this once',
      request: { body: { content: { 'application/json': { schema: newToken } }, required: true } },
      responses: { 201: json(createdToken, 'The token'), ...failures },
    }),
    async (c) => {
      demand(c.get('identity'), 'admin');
      const { name, role } = c.req.valid('json');
      if ((await listTokens(db)).some((one) => one.name === name))
        throw new InnkeeperError('conflict', `There is a token called ${name} already`);
      const { row, token } = await createToken(db, name, role);
      return c.json({ id: row.id, name, role, createdAt: row.createdAt.toISOString(), token }, 201);
    },
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
      demand(c.get('identity'), 'admin');
      if (!(await deleteToken(db, c.req.valid('param').id)))
        throw new InnkeeperError('not_found', 'There is no such token');
      return c.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/version',
      summary: 'Version and installation',
      responses: { 200: json(versionView, 'Version'), ...failures },
    }),
    (c) => c.json({ version: '0.1.0', installation: control.installation }, 200),
  );
};
