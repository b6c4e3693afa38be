import { z } from '@hono/zod-openapi';
import { type OperationRow, stepsOf } from '@innkeeper/inventory';
import {
  InnkeeperError,
  isFinished,
  type OperationView,
  operationView,
  parseDuration,
  problem,
} from '@innkeeper/model';
import type { Context } from 'hono';
import type { Asker } from '../asker.ts';
import type { Control } from '../control.ts';
import { operationViewOf } from '../views.ts';
import { waitForOperation } from '../wait.ts';
import type { AppEnv } from './app.ts';

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  content: { 'application/json': { schema } },
  description,
});
const refusal = {
  content: { 'application/problem+json': { schema: problem } },
  description: 'What is wrong, and what would be right',
};
export const failures = { '4XX': refusal, '5XX': refusal };
export const named = { params: z.object({ name: z.string() }) };
export const changing = {
  headers: z.object({ 'idempotency-key': z.string().max(200).optional() }),
  query: z.object({
    wait: z.string().optional().meta({ description: 'Hold the answer until done, at most this long: 30s' }),
  }),
};
export const accepted = {
  200: json(operationView, 'Finished within the wait, or nothing to do'),
  202: json(operationView, 'Accepted; follow the operation'),
  ...failures,
};

const longestWaitMs = 600_000;

export const waitMs = (text: string | undefined): number => {
  if (text === undefined) return 0;
  const ms = parseDuration(text);
  if (ms === undefined || ms > longestWaitMs)
    throw new InnkeeperError('invalid', `wait: "${text.slice(0, 40)}" is not a duration up to 10m, such as 30s`);
  return ms;
};

/** Who asks, with the key of the request where it has one. */
export const askerOf = (c: Context<AppEnv>): Asker => {
  const { who, scope } = c.get('identity');
  return { who, scope, trail: c.get('trail'), idempotencyKey: c.req.header('idempotency-key') };
};

/** One that nobody has begun has no steps yet. */
export const viewOf = async (control: Control, row: OperationRow): Promise<OperationView> =>
  operationViewOf(row, row.startedAt === null ? [] : await stepsOf(control.inventory.db, [row.id]));

export const settle = async (
  control: Control,
  row: OperationRow,
  wait: string | undefined,
): Promise<{ view: OperationView; status: 200 | 202 }> => {
  const ms = waitMs(wait);
  const latest = ms === 0 ? row : await waitForOperation(control, row.id, ms);
  const view = await viewOf(control, latest);
  return { view, status: isFinished(view.state) ? 200 : 202 };
};
