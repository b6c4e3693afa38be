import { createRoute, z } from '@hono/zod-openapi';
import type { OperationRow } from '@innkeeper/inventory';
import { newSnapshot, retentionView, snapshotChange, snapshotView } from '@innkeeper/model';
import type { Asker } from '../asker.ts';
import type { Control } from '../control.ts';
import {
  changeSnapshotRequest,
  removeSnapshotRequest,
  restoreRequest,
  snapshotRequest,
} from '../snapshots/requests.ts';
import { retentionPlan } from '../snapshots/retention.ts';
import { snapshotViews } from '../snapshots/views.ts';
import { accepted, askerOf, changing, failures, json, named, settle } from './answers.ts';
import type { App } from './app.ts';

const one = { params: named.params.extend({ snapshot: z.string() }) };

type Request = (control: Control, name: string, snapshot: string, asker: Asker) => Promise<OperationRow>;

const acts: readonly (readonly ['post' | 'delete', path: string, summary: string, Request])[] = [
  [
    'post',
    '/restore',
    'Go back to a snapshot: what came since is gone. A workload that runs is stopped and started again',
    restoreRequest,
  ],
  ['delete', '', 'Remove a snapshot; those that were made after it stay', removeSnapshotRequest],
];

const addActs = (app: App, control: Control): void => {
  for (const [method, path, summary, request] of acts) {
    app.openapi(
      createRoute({
        method,
        path: `/v1/workloads/{name}/snapshots/{snapshot}${path}`,
        summary,
        request: { ...one, ...changing },
        responses: accepted,
      }),
      async (c) => {
        const { name, snapshot } = c.req.valid('param');
        const row = await request(control, name, snapshot, askerOf(c));
        const { view, status } = await settle(control, row, c.req.valid('query').wait);
        c.header('location', `/v1/operations/${row.id}`);
        return c.json(view, status);
      },
    );
  }
};

/** What a workload held at earlier moments. */
export const addSnapshots = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads/{name}/snapshots',
      summary: 'Snapshots of a workload, in the order in which they were made',
      request: named,
      responses: { 200: json(z.object({ items: z.array(snapshotView) }), 'With the one it stands on'), ...failures },
    }),
    async (c) => c.json({ items: await snapshotViews(control, c.req.valid('param').name) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/workloads/{name}/snapshots',
      summary: 'Keep what a workload holds now, volumes too; one that runs is frozen for a moment',
      request: {
        ...named,
        ...changing,
        body: { content: { 'application/json': { schema: newSnapshot } }, required: true },
      },
      responses: accepted,
    }),
    async (c) => {
      const row = await snapshotRequest(control, c.req.valid('param').name, c.req.valid('json'), askerOf(c));
      const { view, status } = await settle(control, row, c.req.valid('query').wait);
      c.header('location', `/v1/operations/${row.id}`);
      return c.json(view, status);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads/{name}/retention',
      summary: 'What would be kept of its snapshots, by what its manifest says or by what is asked; nothing is done',
      request: {
        ...named,
        query: z.object({
          keep: z.string().max(200).optional().meta({ description: 'Such as last=3,daily=7,weekly=4' }),
        }),
      },
      responses: { 200: json(retentionView, 'Each snapshot with what keeps it'), ...failures },
    }),
    async (c) =>
      c.json(await retentionPlan(control, 'snapshots', c.req.valid('param').name, c.req.valid('query').keep), 200),
  );
  addActs(app, control);
  app.openapi(
    createRoute({
      method: 'patch',
      path: '/v1/workloads/{name}/snapshots/{snapshot}',
      summary: 'Give a snapshot another name or description; what it holds stays as it is',
      request: {
        ...one,
        ...changing,
        body: { content: { 'application/json': { schema: snapshotChange } }, required: true },
      },
      responses: accepted,
    }),
    async (c) => {
      const { name, snapshot } = c.req.valid('param');
      const row = await changeSnapshotRequest(control, name, snapshot, c.req.valid('json'), askerOf(c));
      const { view, status } = await settle(control, row, c.req.valid('query').wait);
      c.header('location', `/v1/operations/${row.id}`);
      return c.json(view, status);
    },
  );
};
