import type { z } from 'zod';
import type { ChangeCost } from '../backend.ts';

/** Key under which a field's cost stands in its schema, in the JSON Schema and in the OpenAPI document. */
export const costKey = 'x-change-cost';

/** An optional field with its description and what changing it costs a workload that exists. */
export const field = <T extends z.ZodType>(schema: T, cost: ChangeCost, description: string) =>
  schema.optional().meta({ description, [costKey]: cost });
