import { z } from 'zod';
import { networkSpec } from './network.ts';

export const recoverRequest = z
  .strictObject({
    apply: z.boolean().optional().meta({ description: 'true: do it; otherwise it is only said what would be done' }),
    installation: z
      .uuid('must be the id of an installation, as inn recover shows it')
      .optional()
      .meta({ description: 'Take the place of this installation, whose database is lost; its guests say its id' }),
  })
  .meta({ id: 'RecoverRequest' });
export type RecoverRequest = z.output<typeof recoverRequest>;

/** A guest that becomes a workload again, as it is. */
export const recoveredWorkload = z
  .object({
    id: z.string(),
    name: z.string(),
    host: z.string(),
    driver: z.string(),
    state: z.string(),
    generation: z.int(),
    /** `taken back`: the inventory did not know it. `newer`: the inventory knew an earlier specification. */
    what: z.enum(['taken back', 'newer']),
    /** What of it could not be had, as sentences. */
    notes: z.array(z.string()),
  })
  .meta({ id: 'RecoveredWorkload' });
export type RecoveredWorkload = z.output<typeof recoveredWorkload>;

/** Something that is not recovered, and why. */
export const unrecovered = z
  .object({
    kind: z.enum(['workload', 'network', 'inventory']),
    name: z.string(),
    host: z.string().optional(),
    text: z.string(),
  })
  .meta({ id: 'Unrecovered' });
export type Unrecovered = z.output<typeof unrecovered>;

/** What is, or would be, rebuilt from the hosts. Nothing on them is changed by it. */
export const recoveryView = z
  .object({
    installation: z.string(),
    /** Whether it was done; false when this only says what would be. */
    applied: z.boolean(),
    /** Whether the database was made anew, or restored from a dump, and nobody has recovered it since. */
    behind: z.boolean(),
    workloads: z.array(recoveredWorkload),
    networks: z.array(z.object({ name: z.string(), hosts: z.array(z.string()), spec: networkSpec })),
    /** Workloads of the inventory whose guest is not on its host: nothing makes them anew by itself. */
    missing: z.array(z.object({ name: z.string(), host: z.string() })),
    unrecovered: z.array(unrecovered),
    /** Guests of other installations: left alone unless one of them is named. */
    others: z.array(
      z.object({ installation: z.string(), guests: z.array(z.object({ name: z.string(), host: z.string() })) }),
    ),
  })
  .meta({ id: 'Recovery' });
export type RecoveryView = z.output<typeof recoveryView>;

/** A dump of the database, on the machine that the control plane runs on. */
export const dumpView = z
  .object({
    path: z.string(),
    takenAt: z.iso.datetime(),
    bytes: z.int(),
    /** `before-upgrade` or `before-restore`; missing for one of the nightly kind, or that was asked for. */
    why: z.string().optional(),
  })
  .meta({ id: 'Dump' });
export type DumpView = z.output<typeof dumpView>;
