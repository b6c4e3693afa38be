import { createRoute, z } from '@hono/zod-openapi';
import {
  checkName,
  guestStats,
  InnkeeperError,
  nameField,
  newClone,
  parseWorkloadSpec,
  placementRecord,
  type WorkloadSpec,
  type WorkloadView,
  workloadSpec,
  workloadView,
} from '@innkeeper/model';
import { cloneRequest } from '../clones.ts';
import type { Control } from '../control.ts';
import { latestRecord } from '../placements.ts';
import { actOnWorkload, putWorkload, renameRequest } from '../requests.ts';
import { type Eyes, workloadViews } from '../views.ts';
import { accepted, askerOf, changing, failures, json, named, settle } from './answers.ts';
import type { App } from './app.ts';
import { jsonOf, refuseBodyWith } from './refusal.ts';

/** What both manifest parsers need of Hono's request. */
interface Asked {
  param(key: 'name'): string | undefined;
  json(): Promise<unknown>;
}

const specOf = async (request: Asked): Promise<WorkloadSpec> => {
  const name = request.param('name') ?? '';
  checkName(name, 'name');
  return parseWorkloadSpec(await jsonOf(request), `workloads.${name}`);
};

const acts = [
  ['start', 'post', '/start', 'Start a workload'],
  ['stop', 'post', '/stop', 'Stop a workload: asked first, forced when it does not answer'],
  ['restart', 'post', '/restart', 'Stop and start a workload'],
  ['pause', 'post', '/pause', 'Freeze a running workload where it is'],
  ['resume', 'post', '/resume', 'Let a paused workload go on'],
  ['remove', 'delete', '', 'Remove a workload with its disk'],
] as const;

const addActs = (app: App, control: Control): void => {
  for (const [kind, method, path, summary] of acts) {
    app.openapi(
      createRoute({
        method,
        path: `/v1/workloads/{name}${path}`,
        summary,
        request: { ...named, ...changing },
        responses: accepted,
      }),
      async (c) => {
        const row = await actOnWorkload(control, c.req.valid('param').name, kind, askerOf(c));
        const { view, status } = await settle(control, row, c.req.valid('query').wait);
        c.header('location', `/v1/operations/${row.id}`);
        return c.json(view, status);
      },
    );
  }
};

const addRename = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/workloads/{name}/rename',
      summary: 'Give a workload that does not run another name',
      request: {
        ...named,
        ...changing,
        body: { content: { 'application/json': { schema: z.object({ name: nameField }) } }, required: true },
      },
      responses: accepted,
    }),
    async (c) => {
      const row = await renameRequest(control, c.req.valid('param').name, c.req.valid('json').name, askerOf(c));
      const { view, status } = await settle(control, row, c.req.valid('query').wait);
      c.header('location', `/v1/operations/${row.id}`);
      return c.json(view, status);
    },
  );
};

const addClone = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/workloads/{name}/clone',
      summary: 'Make a workload that begins with a copy of what this one holds, or held in a snapshot',
      request: {
        ...named,
        ...changing,
        body: { content: { 'application/json': { schema: newClone } }, required: true },
      },
      responses: accepted,
    }),
    async (c) => {
      const row = await cloneRequest(control, c.req.valid('param').name, c.req.valid('json'), askerOf(c));
      const { view, status } = await settle(control, row, c.req.valid('query').wait);
      c.header('location', `/v1/operations/${row.id}`);
      return c.json(view, status);
    },
  );
};

const viewOf = async (control: Control, name: string, eyes: Eyes): Promise<WorkloadView> => {
  const [view] = await workloadViews(control, { stats: true, names: [name], eyes });
  if (view === undefined)
    throw new InnkeeperError('not_found', `There is no workload ${name.slice(0, 80)}`, {
      hint: 'inn ls shows what there is',
    });
  return view;
};

export const addWorkloads = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads',
      summary: 'Every workload, and every guest that is not ours (managed: false)',
      request: { query: z.object({ stats: z.enum(['true', 'false']).optional() }) },
      responses: { 200: json(z.object({ items: z.array(workloadView) }), 'Workloads and foreign guests'), ...failures },
    }),
    async (c) => {
      const stats = c.req.valid('query').stats === 'true';
      return c.json({ items: await workloadViews(control, { stats, eyes: c.get('identity') }) }, 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads/{name}',
      summary: 'One workload or foreign guest, by name or id',
      request: named,
      responses: { 200: json(workloadView, 'The workload'), ...failures },
    }),
    async (c) => c.json(await viewOf(control, c.req.valid('param').name, c.get('identity')), 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads/{name}/stats',
      summary: 'What one guest uses now',
      request: named,
      responses: { 200: json(guestStats, 'Empty while it does not run'), ...failures },
    }),
    async (c) => c.json((await viewOf(control, c.req.valid('param').name, c.get('identity'))).stats ?? {}, 200),
  );
  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/workloads/{name}',
      summary: 'Create or change a workload; asking twice is asking once',
      request: {
        ...named,
        ...changing,
        body: { content: { 'application/json': { schema: workloadSpec } }, required: true },
      },
      responses: { ...accepted, 204: { description: 'It is so already' } },
    }),
    async (c) => {
      const row = await putWorkload(control, c.req.valid('param').name, await specOf(c.req), askerOf(c));
      if (row === undefined) return c.body(null, 204);
      const { view, status } = await settle(control, row, c.req.valid('query').wait);
      c.header('location', `/v1/operations/${row.id}`);
      return c.json(view, status);
    },
    refuseBodyWith(specOf),
  );
  addActs(app, control);
  addRename(app, control);
  addClone(app, control);
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads/{name}/explain',
      summary: 'The placement decision: every candidate with every check',
      request: named,
      responses: { 200: json(placementRecord, 'The decision as it was made'), ...failures },
    }),
    async (c) => c.json(await latestRecord(control, c.req.valid('param').name), 200),
  );
};
