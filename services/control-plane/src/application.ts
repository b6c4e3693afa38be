import { fileURLToPath } from 'node:url';
import { isDatabaseAway, ping } from '@innkeeper/inventory';
import { type App, createApp } from './api/app.ts';
import { addEvents } from './api/events.ts';
import { addPage } from './api/page.ts';
import { addRoutes, openApiDocument } from './api/routes.ts';
import type { Control } from './control.ts';
import { retryAfterSeconds } from './problem.ts';

const builtPage = fileURLToPath(new URL('../../web/dist', import.meta.url));

/** The whole HTTP application, without a server: tests call it in-process. */
export const buildApplication = (control: Control): App => {
  const app = createApp(control);
  app.get('/healthz', (c) => c.text('ok'));
  app.get('/readyz', async (c) => {
    try {
      await ping(control.inventory.urgent);
      return c.text('ready');
    } catch (error) {
      const text = isDatabaseAway(error) ? 'the database does not answer' : 'not ready';
      return c.text(text, 503, { 'retry-after': String(retryAfterSeconds) });
    }
  });
  addRoutes(app, control);
  addEvents(app, control);
  app.get('/openapi.json', (c) => c.json(openApiDocument(app)));
  addPage(app, control.config.web ?? builtPage);
  return app;
};
