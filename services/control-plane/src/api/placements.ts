import { createRoute, z } from '@hono/zod-openapi';
import {
  capacityRequest,
  capacityView,
  invalidInput,
  manifestPlan,
  moveProposal,
  parseManifest,
  parseWith,
  parseWorkloadSpec,
  placementView,
  planRequest,
  replayView,
  savedPlacement,
  whatIf,
  whyNotView,
} from '@innkeeper/model';
import type { Control } from '../control.ts';
import {
  capacityOf,
  placementViewOf,
  rebalanceProposals,
  replayPlacement,
  savedPlacements,
  whyNot,
} from '../placements.ts';
import { planManifest } from '../plan.ts';
import { failures, json, named } from './answers.ts';
import type { App } from './app.ts';
import { jsonOf, refuseBodyWith } from './refusal.ts';

interface Body {
  json(): Promise<unknown>;
}

const objectOf = async (request: Body): Promise<Record<string, unknown>> => {
  const body: unknown = await jsonOf(request);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw invalidInput([{ path: '(top)', message: 'must be an object' }]);
};

/** The manifest's parser says more than the schema's; the hosts that are imagined are checked apart from it. */
const planOf = async (request: Body) => {
  const { withoutHosts, withHosts, ...manifest } = await objectOf(request);
  const imagined = parseWith(whatIf, { withoutHosts, withHosts }, '');
  const isEmpty = [manifest.workloads, manifest.networks, manifest.rules].every((part) => part === undefined);
  return { manifest: isEmpty && Object.keys(manifest).length === 0 ? {} : parseManifest(manifest), imagined };
};

const capacityAsked = async (request: Body) => {
  const { spec, ...rest } = await objectOf(request);
  return { spec: parseWorkloadSpec(spec, 'spec'), imagined: parseWith(whatIf, rest, '') };
};

const addQuestions = (app: App, control: Control): void => {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/plan',
      summary: 'What applying a manifest would do, changing nothing; also with hosts that are gone or not there yet',
      request: { body: { content: { 'application/json': { schema: planRequest } }, required: true } },
      responses: { 200: json(manifestPlan, 'Workload by workload, candidate by candidate'), ...failures },
    }),
    async (c) => {
      const { manifest, imagined } = await planOf(c.req);
      return c.json(await planManifest(control, manifest, imagined, c.get('identity')), 200);
    },
    refuseBodyWith(planOf),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/capacity',
      summary: 'How many more of one specification would fit, and what stops the next one',
      request: { body: { content: { 'application/json': { schema: capacityRequest } }, required: true } },
      responses: { 200: json(capacityView, 'Host by host'), ...failures },
    }),
    async (c) => {
      const { spec, imagined } = await capacityAsked(c.req);
      return c.json(await capacityOf(control, spec, imagined), 200);
    },
    refuseBodyWith(capacityAsked),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/rebalance',
      summary: 'Moves that would even the hosts out; proposals only',
      responses: { 200: json(z.object({ items: z.array(moveProposal) }), 'Proposals, best first'), ...failures },
    }),
    async (c) => c.json({ items: await rebalanceProposals(control) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/workloads/{name}/why-not',
      summary: 'Why a workload is not on a host',
      request: { ...named, query: z.object({ host: z.string().min(1).max(63) }) },
      responses: { 200: json(whyNotView, 'An answer for each driver of the host'), ...failures },
    }),
    async (c) => c.json(await whyNot(control, c.req.valid('param').name, c.req.valid('query').host), 200),
  );
};

const addRecords = (app: App, control: Control): void => {
  const params = z.object({ id: z.uuid() });
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/placements',
      summary: 'Placement decisions, newest first',
      request: {
        query: z.object({ workload: z.string().optional(), limit: z.coerce.number().int().min(1).max(500).optional() }),
      },
      responses: { 200: json(z.object({ items: z.array(savedPlacement) }), 'Decisions'), ...failures },
    }),
    async (c) => {
      const { workload, limit = 50 } = c.req.valid('query');
      return c.json(
        { items: await savedPlacements(control, { limit, name: workload, scope: c.get('identity').scope }) },
        200,
      );
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/placements/{id}',
      summary: 'One decision, whole',
      request: { params },
      responses: { 200: json(placementView, 'The decision as it was made'), ...failures },
    }),
    async (c) => c.json(await placementViewOf(control, c.req.valid('param').id), 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/placements/{id}/replay',
      summary: 'Decide again what was decided, from what was known then',
      request: { params, query: z.object({ rules: z.enum(['recorded', 'current']).optional() }) },
      responses: { 200: json(replayView, 'The same decision, or what differs'), ...failures },
    }),
    async (c) =>
      c.json(await replayPlacement(control, c.req.valid('param').id, c.req.valid('query').rules ?? 'recorded'), 200),
  );
};

export const addPlacements = (app: App, control: Control): void => {
  addQuestions(app, control);
  addRecords(app, control);
};
