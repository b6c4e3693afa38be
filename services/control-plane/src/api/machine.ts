import { createRoute, z } from '@hono/zod-openapi';
import { finding, manifestJsonSchema, versionView } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { diagnose } from '../doctor.ts';
import { failures, json } from './answers.ts';
import type { App } from './app.ts';

export const addMachine = (app: App, control: Control): void => {
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
      path: '/v1/doctor',
      summary: 'What is not well, and what to do',
      responses: { 200: json(z.object({ items: z.array(finding) }), 'Findings'), ...failures },
    }),
    async (c) => c.json({ items: await diagnose(control) }, 200),
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
