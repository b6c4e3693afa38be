import { createRoute, z } from '@hono/zod-openapi';
import { InnkeeperError } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { failures, named } from './answers.ts';
import type { App } from './app.ts';
import { placedGuest } from './streams/guest.ts';

const keyPress = z
  .strictObject({
    keys: z
      .array(z.string().regex(/^KEY_[A-Z0-9]{1,30}$/, 'must be the Linux name of a key, such as KEY_ENTER'))
      .min(1)
      .max(16),
  })
  .meta({ id: 'KeyPress', description: 'Keys that are pressed together' });

const binary = { schema: z.string().meta({ format: 'binary' }) };

/** With a screen. Throws `unsupported` where the guest's driver has none. */
const screenOf = async (control: Control, name: string) => {
  const { guest, driver, placed } = await placedGuest(control, name, 'screen');
  const { screenshot, sendKeys } = driver;
  if (screenshot === undefined || sendKeys === undefined)
    throw new InnkeeperError('unsupported', `${name} runs on ${placed.driver}, which has no screen`, {
      hint: `inn console ${name}`,
    });
  return { guest, screenshot, sendKeys };
};

/** What a console printed, also of a guest that does not run. */
const historyOf = async (control: Control, name: string): Promise<Uint8Array> => {
  const { guest, driver, placed } = await placedGuest(control, name, 'console');
  if (driver.consoleHistory === undefined)
    throw new InnkeeperError('unsupported', `${name} runs on ${placed.driver}, which offers no console`, {
      hint: `inn exec ${name} -- journalctl`,
    });
  return driver.consoleHistory(guest);
};

export const addScreens = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads/{name}/screenshot',
      summary: 'A picture of the screen of a virtual machine',
      request: named,
      responses: { 200: { description: 'The picture', content: { 'image/png': binary } }, ...failures },
    }),
    async (c) => {
      const { guest, screenshot } = await screenOf(control, c.req.valid('param').name);
      const { bytes, type } = await screenshot(guest);
      return c.body(new Uint8Array(bytes), 200, { 'content-type': type });
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/workloads/{name}/keys',
      summary: 'Press keys of a virtual machine together',
      request: { ...named, body: { content: { 'application/json': { schema: keyPress } }, required: true } },
      responses: { 204: { description: 'They were pressed' }, ...failures },
    }),
    async (c) => {
      const { guest, sendKeys } = await screenOf(control, c.req.valid('param').name);
      await sendKeys(guest, c.req.valid('json').keys);
      return c.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads/{name}/logs',
      summary: 'What the console printed, at most its last 64 KiB',
      request: named,
      responses: {
        200: { description: 'As it was printed', content: { 'application/octet-stream': binary } },
        ...failures,
      },
    }),
    async (c) => {
      const bytes = await historyOf(control, c.req.valid('param').name);
      return c.body(new Uint8Array(bytes), 200, { 'content-type': 'application/octet-stream' });
    },
  );
};
