import { createRoute, z } from '@hono/zod-openapi';
import {
  deleteToken,
  findOperation,
  findWorkload,
  latestPlacement,
  listOperations,
  listTokens,
  type OperationRow,
  requestCancel,
  stepsOf,
} from '@innkeeper/inventory';
import {
  checkName,
  createdToken,
  finding,
  hostView,
  InnkeeperError,
  imageView,
  isFinished,
  knownImages,
  manifestPlan,
  newToken,
  type OperationView,
  operationView,
  parseDuration,
  parseManifest,
  parseWorkloadSpec,
  placementRecord,
  problem,
  tokenView,
  versionView,
  workloadSpec,
  workloadView,
} from '@innkeeper/model';
import type { Control } from '../control.ts';
import { diagnose } from '../doctor.ts';
import { createToken, demand } from '../identity.ts';
import { planManifest } from '../plan.ts';
import { actOnWorkload, putWorkload } from '../requests.ts';
import { hostViews, operationViewOf, workloadViews } from '../views.ts';
import { waitForOperation } from '../wait.ts';
import type { App } from './app.ts';

const json = <T extends z.ZodType>(schema: T, description: string) => ({
  content: { 'application/json': { schema } },
  description,
});
const refusal = {
  content: { 'application/problem+json': { schema: problem } },
  description: 'What is wrong, and what would be right',
};
const failures = { '4XX': refusal, '5XX': refusal };
const named = { params: z.object({ name: z.string() }) };
const changing = {
  headers: z.object({ 'idempotency-key': z.string().max(200).optional() }),
  query: z.object({
    wait: z.string().optional().meta({ description: 'Hold the answer until done, at most this long: 30s' }),
  }),
};
const accepted = {
  200: json(operationView, 'Finished within the wait, or nothing to do'),
  202: json(operationView, 'Accepted; follow the operation'),
  ...failures,
};

const longestWaitMs = 600_000;

const waitMs = (text: string | undefined): number => {
  if (text === undefined) return 0;
  const ms = parseDuration(text);
  if (ms === undefined || ms > longestWaitMs)
    throw new InnkeeperError('invalid', `wait: "${text.slice(0, 40)}" is not a duration up to 10m, such as 30s`);
  return ms;
};

const viewOf = async (control: Control, row: OperationRow): Promise<OperationView> =>
  operationViewOf(row, await stepsOf(control.inventory.db, [row.id]));

const settle = async (
  control: Control,
  row: OperationRow,
  wait: string | undefined,
): Promise<{ view: OperationView; status: 200 | 202 }> => {
  const ms = waitMs(wait);
  const latest = ms === 0 ? row : await waitForOperation(control, row.id, ms);
  const view = await viewOf(control, latest);
  return { view, status: isFinished(view.state) ? 200 : 202 };
};

const addWorkloads = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads',
      summary: 'Every workload, and every guest that is not ours (managed: false)',
      request: { query: z.object({ stats: z.enum(['true', 'false']).optional() }) },
      responses: { 200: json(z.object({ items: z.array(workloadView) }), 'Workloads and foreign guests'), ...failures },
    }),
    async (c) => c.json({ items: await workloadViews(control, { stats: c.req.valid('query').stats === 'true' }) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads/{name}',
      summary: 'One workload or foreign guest, by name or id',
      request: named,
      responses: { 200: json(workloadView, 'The workload'), ...failures },
    }),
    async (c) => {
      const { name } = c.req.valid('param');
      const [view] = await workloadViews(control, { stats: true, names: [name] });
      if (view === undefined)
        throw new InnkeeperError('not_found', `There is no workload ${name.slice(0, 80)}`, {
          hint: 'inn ls shows what there is',
        });
      return c.json(view, 200);
    },
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
      const { name } = c.req.valid('param');
      checkName(name, 'name');
      const spec = parseWorkloadSpec(await c.req.json(), `workloads.${name}`);
      const row = await putWorkload(control, name, spec, {
        who: c.get('identity').who,
        idempotencyKey: c.req.valid('header')['idempotency-key'],
      });
      if (row === undefined) return c.body(null, 204);
      const { view, status } = await settle(control, row, c.req.valid('query').wait);
      c.header('location', `/v1/operations/${row.id}`);
      return c.json(view, status);
    },
    // The manifest's own errors say more than the schema's: field, value and what would be right.
    () => undefined,
  );
  for (const kind of ['start', 'stop', 'restart'] as const) {
    app.openapi(
      createRoute({
        method: 'post',
        path: `/v1/workloads/{name}/${kind}`,
        summary: `${kind} a workload`,
        request: { ...named, ...changing },
        responses: accepted,
      }),
      async (c) => {
        const asker = { who: c.get('identity').who, idempotencyKey: c.req.valid('header')['idempotency-key'] };
        const row = await actOnWorkload(control, c.req.valid('param').name, kind, asker);
        const { view, status } = await settle(control, row, c.req.valid('query').wait);
        c.header('location', `/v1/operations/${row.id}`);
        return c.json(view, status);
      },
    );
  }
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/workloads/{name}',
      summary: 'Remove a workload with its disk',
      request: { ...named, ...changing },
      responses: accepted,
    }),
    async (c) => {
      const asker = { who: c.get('identity').who, idempotencyKey: c.req.valid('header')['idempotency-key'] };
      const row = await actOnWorkload(control, c.req.valid('param').name, 'remove', asker);
      const { view, status } = await settle(control, row, c.req.valid('query').wait);
      c.header('location', `/v1/operations/${row.id}`);
      return c.json(view, status);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads/{name}/explain',
      summary: 'The placement decision: every candidate with every check',
      request: named,
      responses: { 200: json(placementRecord, 'The decision as it was made'), ...failures },
    }),
    async (c) => {
      const { name } = c.req.valid('param');
      const row = await findWorkload(control.inventory.db, name);
      if (row === undefined) throw new InnkeeperError('not_found', `There is no workload ${name.slice(0, 80)}`);
      const placement = await latestPlacement(control.inventory.db, row.id);
      if (placement === undefined) throw new InnkeeperError('not_found', `${name} has not been placed yet`);
      return c.json(placement.record, 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/plan',
      summary: 'What applying a manifest would do, changing nothing',
      request: {
        body: {
          content: { 'application/json': { schema: z.object({ workloads: z.record(z.string(), workloadSpec) }) } },
          required: true,
        },
      },
      responses: { 200: json(manifestPlan, 'Workload by workload, candidate by candidate'), ...failures },
    }),
    async (c) => c.json(await planManifest(control, parseManifest(await c.req.json())), 200),
    () => undefined,
  );
};

const addOperations = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operations',
      summary: 'Operations, newest first',
      request: { query: z.object({ limit: z.coerce.number().int().min(1).max(1000).optional() }) },
      responses: { 200: json(z.object({ items: z.array(operationView) }), 'Operations'), ...failures },
    }),
    async (c) => {
      const rows = await listOperations(control.inventory.db, c.req.valid('query').limit ?? 50);
      const steps = await stepsOf(
        control.inventory.db,
        rows.map(({ id }) => id),
      );
      return c.json({ items: rows.map((row) => operationViewOf(row, steps)) }, 200);
    },
  );
  const known = async (id: string): Promise<OperationRow> => {
    const row = z.uuid().safeParse(id).success ? await findOperation(control.inventory.db, id) : undefined;
    if (row === undefined)
      throw new InnkeeperError('not_found', `There is no operation ${id.slice(0, 80)}`, {
        hint: 'inn operation ls shows the latest',
      });
    return row;
  };
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operations/{id}',
      summary: 'One operation with its steps',
      request: { params: z.object({ id: z.string() }), query: z.object({ wait: z.string().optional() }) },
      responses: { 200: json(operationView, 'The operation'), ...failures },
    }),
    async (c) => {
      const row = await known(c.req.valid('param').id);
      const { view } = await settle(control, row, c.req.valid('query').wait);
      return c.json(view, 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operations/{id}/cancel',
      summary: 'Cancel at the next step and undo what was done',
      request: { params: z.object({ id: z.string() }) },
      responses: { 202: json(operationView, 'Will be cancelled'), ...failures },
    }),
    async (c) => {
      const row = await known(c.req.valid('param').id);
      if (!(await requestCancel(control.inventory.db, row.id, c.get('identity').who)))
        throw new InnkeeperError('conflict', `The operation ${row.id} is ${row.state} already`);
      return c.json(await viewOf(control, await known(row.id)), 202);
    },
  );
};

const addInventory = (app: App, control: Control): void => {
  const { db } = control.inventory;
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/hosts',
      summary: 'Hosts with capacity and capabilities',
      responses: { 200: json(z.object({ items: z.array(hostView) }), 'Hosts'), ...failures },
    }),
    async (c) => c.json({ items: await hostViews(db, control.installation) }, 200),
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

/** All routes that answer JSON; registered as statements, since chained types cost the compiler seconds. */
export const addRoutes = (app: App, control: Control): void => {
  addWorkloads(app, control);
  addOperations(app, control);
  addInventory(app, control);
};

export const openApiDocument = (app: App) =>
  app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Innkeeper', version: '0.1.0', license: { name: 'MIT' } },
  });
