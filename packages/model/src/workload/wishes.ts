import { z } from 'zod';
import { nameField } from '../names.ts';

const labelKey = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits and . _ / -');

export const labelsField = z
  .record(labelKey, z.string().max(200))
  .refine((labels) => Object.keys(labels).length <= 64, 'at most 64 labels');

/** Other workloads, by name or by labels; `by` says what counts as one place: a host, or all hosts with one value of a label. */
const affinity = z
  .strictObject({
    workload: nameField.optional(),
    labels: labelsField.optional(),
    by: labelKey.optional().meta({ description: 'A label of hosts; without it a place is one host' }),
    hard: z.boolean().optional().meta({ description: 'true: rather wait than do otherwise' }),
  })
  .refine((one) => (one.workload === undefined) !== (one.labels === undefined), 'say either workload or labels')
  .meta({ id: 'Affinity' });
export type Affinity = z.output<typeof affinity>;

export const placementField = z
  .strictObject({
    host: nameField.optional().meta({ description: 'Only this host' }),
    hostLabels: labelsField.optional().meta({ description: 'Only hosts with these labels' }),
    strategy: z
      .enum(['spread', 'pack'])
      .optional()
      .meta({ description: 'spread: where most is free; pack: where least is left' }),
    spreadBy: labelKey
      .optional()
      .meta({ description: 'Workloads with the same value of this label: on different hosts' }),
    near: z.array(affinity).max(16).optional(),
    away: z.array(affinity).max(16).optional(),
  })
  .meta({ id: 'PlacementWishes' });
