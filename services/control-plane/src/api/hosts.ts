import { createRoute, z } from '@hono/zod-openapi';
import { changeHost } from '@innkeeper/inventory';
import {
  type HostChange,
  type HostView,
  hostChange,
  hostView,
  type NewHost,
  newHost,
  parseWith,
} from '@innkeeper/model';
import { record } from '../access/trail.ts';
import { type Control, tell } from '../control.ts';
import { noSuchHost } from '../fleet/remove.ts';
import { hostViewsFor } from '../host-views.ts';
import type { Eyes } from '../views.ts';
import { failures, json, named } from './answers.ts';
import type { App } from './app.ts';
import { jsonOf, refuseBodyWith } from './refusal.ts';

const newOf = async (request: { json(): Promise<unknown> }): Promise<NewHost> =>
  parseWith(newHost, await jsonOf(request), 'host');

const viewOf = async (control: Control, name: string, eyes: Eyes): Promise<HostView | undefined> =>
  (await hostViewsFor(control, eyes)).find((one) => one.name === name);

const existing = async (control: Control, name: string, eyes: Eyes): Promise<HostView> => {
  const view = await viewOf(control, name, eyes);
  if (view === undefined) throw noSuchHost(name);
  return view;
};

/** Those settings of a host that a change is about, as they were. */
const changedOf = (view: HostView | undefined, change: HostChange): unknown => {
  if (view === undefined) return undefined;
  const { cpuRatio, memoryRatio, reserved } = view.capacity;
  const all: Readonly<Record<keyof HostChange, unknown>> = {
    labels: view.labels,
    draining: view.state === 'draining',
    guestNames: view.guestNames,
    maintenance: view.maintenance ?? null,
    cpuRatio,
    memoryRatio,
    reservedCpus: reserved.cpus,
    reservedMemory: reserved.memoryBytes,
  };
  return Object.fromEntries(Object.keys(change).map((key) => [key, all[key as keyof HostChange]]));
};

const changeOf = async (request: { json(): Promise<unknown> }): Promise<HostChange> =>
  parseWith(hostChange, await jsonOf(request), 'host');

export const addHosts = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/hosts',
      summary: 'Hosts with capacity and capabilities',
      responses: { 200: json(z.object({ items: z.array(hostView) }), 'Hosts'), ...failures },
    }),
    async (c) => c.json({ items: await hostViewsFor(control, c.get('identity')) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'patch',
      path: '/v1/hosts/{name}',
      summary: 'Labels, ratios, reserves, and whether anything new is placed on a host',
      request: {
        params: z.object({ name: z.string() }),
        body: { content: { 'application/json': { schema: hostChange } }, required: true },
      },
      responses: { 200: json(hostView, 'The host'), ...failures },
    }),
    async (c) => {
      const identity = c.get('identity');
      const { name } = c.req.valid('param');
      const change = await changeOf(c.req);
      const before = await viewOf(control, name, identity);
      const found = await control.inventory.transaction(async (tx) => {
        const changed = await changeHost(tx, name, change);
        const resource = { kind: 'host', name } as const;
        if (changed) await record(tx, c.get('trail'), { resource, before: changedOf(before, change), after: change });
        return changed;
      });
      const view = await viewOf(control, name, identity);
      if (!found || view === undefined) throw noSuchHost(name);
      await tell(control, {
        kind: 'host.changed',
        subject: { kind: 'host', id: view.id, name },
        text: `${name} was changed by ${identity.who}: ${JSON.stringify(change)}`,
      });
      if (change.guestNames !== undefined && view.state !== 'unreachable') await control.nameGuests(name, true);
      control.wakeWaiting();
      return c.json(view, 200);
    },
    refuseBodyWith(changeOf),
  );
  addMembership(app, control);
};

const addMembership = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/hosts',
      summary: 'Manage another host, reached over ssh; answers what was found there',
      request: { body: { content: { 'application/json': { schema: newHost } }, required: true } },
      responses: { 201: json(hostView, 'The host'), ...failures },
    }),
    async (c) => {
      const identity = c.get('identity');
      const name = await control.fleet.add(await newOf(c.req));
      const view = await existing(control, name, identity);
      await tell(control, {
        kind: 'host.added',
        subject: { kind: 'host', id: view.id, name },
        text: `${name} (${view.address}) was added by ${identity.who}`,
      });
      return c.json(view, 201);
    },
    refuseBodyWith(newOf),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/hosts/{name}',
      summary: 'One host',
      request: named,
      responses: { 200: json(hostView, 'The host'), ...failures },
    }),
    async (c) => c.json(await existing(control, c.req.valid('param').name, c.get('identity')), 200),
  );
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/hosts/{name}',
      summary: 'Manage a host no longer; nothing on it is changed',
      request: named,
      responses: { 204: { description: 'Removed' }, ...failures },
    }),
    async (c) => {
      const identity = c.get('identity');
      const { name } = c.req.valid('param');
      const { id } = await existing(control, name, identity);
      await control.fleet.remove(name, c.get('trail'));
      await tell(control, {
        kind: 'host.removed',
        subject: { kind: 'host', id, name },
        text: `${name} was removed by ${identity.who}`,
      });
      return c.body(null, 204);
    },
  );
};
