import { z } from 'zod';
import { backends } from './backend.ts';
import { nameField } from './names.ts';
import { workloadStates } from './states.ts';
import { sizeField } from './units.ts';
import { workloadSpec } from './workload/index.ts';

/** What a driver finds in a guest that is not ours. */
export interface Adoptable {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Interfaces on networks, which the model has words for. */
  readonly networks: readonly { readonly network: string; readonly mac: string }[];
  /** Whether its backend starts it at boot by itself. */
  readonly autostart: boolean;
  /** What the model has no words for, as phrases such as `tpm tpm-crb`: kept as it is. */
  readonly beyond: readonly string[];
}

/** What an adoption of a guest would be. */
export const adoptionView = z
  .object({
    id: z.string(),
    /** What its backend calls it. */
    guest: z.string(),
    host: z.string(),
    driver: z.string(),
    backend: z.enum(backends),
    state: z.enum(workloadStates),
    /** What it would be called; missing when its own name cannot be a workload's, or is taken: one has to be given. */
    name: z.string().optional(),
    /** Why it cannot keep its own name. */
    nameProblem: z.string().optional(),
    spec: workloadSpec,
    /** Whether its backend starts it at boot, which it goes on doing unless `takeAutostart` is asked for. */
    autostart: z.boolean(),
    /** What the model has no words for: kept as it is, and given back as it was. */
    beyond: z.array(z.string()),
  })
  .meta({ id: 'Adoption' });
export type AdoptionView = z.output<typeof adoptionView>;

/** What a conversion of a classic container would be. */
export const conversionView = z
  .object({
    id: z.string(),
    guest: z.string(),
    host: z.string(),
    from: z.string(),
    to: z.string(),
    spec: workloadSpec,
    /** What it says besides, which has no meaning where it goes. */
    lost: z.array(z.string()),
  })
  .meta({ id: 'Conversion' });
export type ConversionView = z.output<typeof conversionView>;

export const convertRequest = z
  .strictObject({
    name: nameField.optional().meta({ description: 'What it is to be called here; its own name when nothing is said' }),
    memory: sizeField('16MiB', '16TiB', 'memory')
      .optional()
      .meta({ description: 'Most memory that it may use; needed where it has no limit' }),
  })
  .meta({ id: 'ConvertRequest' });
export type ConvertRequest = z.output<typeof convertRequest>;

export const adoptRequest = z
  .strictObject({
    name: nameField.optional().meta({ description: 'What it is to be called here; its own name when nothing is said' }),
    takeAutostart: z
      .boolean()
      .optional()
      .meta({ description: 'true: Innkeeper starts it after a boot of its host, in its order, and not its backend' }),
  })
  .meta({ id: 'AdoptRequest' });
export type AdoptRequest = z.output<typeof adoptRequest>;
