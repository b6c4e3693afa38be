import { z } from 'zod';
import { networkSpec } from './network.ts';
import { rule } from './rule.ts';
import { workloadSpec } from './workload/index.ts';

/** A manifest as a whole. Names are checked apart, for better messages than a pattern gives. */
export const manifestSchema = z
  .strictObject({
    workloads: z.record(z.string(), workloadSpec).optional(),
    networks: z.record(z.string(), networkSpec).optional(),
    rules: z.array(rule).optional(),
  })
  .meta({ id: 'Manifest', title: 'Innkeeper manifest', description: 'Workloads, networks and rules' });

/** JSON Schema (2020-12) of a manifest, for editors; what a field costs to change stands beside it as `x-change-cost`. */
export const manifestJsonSchema = (): Record<string, unknown> =>
  z.toJSONSchema(manifestSchema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;

/** The committed file. */
export const manifestSchemaText = (): string => `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`;
