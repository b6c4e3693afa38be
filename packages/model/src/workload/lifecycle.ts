import { z } from 'zod';
import { nameField } from '../names.ts';
import { parseDuration, sizeField } from '../units.ts';

const found = (issue: { readonly input?: unknown }): string => `"${String(issue.input).slice(0, 40)}"`;

export const durationField = z.string().refine((text) => (parseDuration(text) ?? 0) > 0, {
  error: (issue) => `${found(issue)} is not a duration; write a number and a unit, such as 30s, 2h or 7d`,
});

export const absolutePath = z
  .string()
  .max(4000)
  .regex(/^\/(?!.*\/\.\.?(\/|$))[^\0]*$/, 'must be an absolute path without . and ..');

/** What must be there before a workload is started. */
export const dependsOnField = z
  .array(
    z.union([nameField, z.strictObject({ workload: nameField, until: z.enum(['running', 'ready']).optional() })], {
      error: 'must be the name of a workload, or { workload: …, until: running | ready }',
    }),
  )
  .max(32);

const port = z.int().min(1).max(65_535);

/** When a workload counts as ready. */
export const readinessField = z
  .strictObject({
    tcp: port.optional(),
    http: z
      .strictObject({ port, path: z.string().startsWith('/').max(1000).optional(), status: z.int().optional() })
      .optional(),
    command: z.array(z.string().max(4000)).min(1).max(64).optional(),
    systemd: z.literal(true).optional(),
    every: durationField.optional(),
    within: durationField.optional(),
  })
  .refine(
    (one) => ['tcp', 'http', 'command', 'systemd'].filter((kind) => kind in one).length === 1,
    'say one of tcp, http, command and systemd',
  )
  .meta({ id: 'Readiness' });

const usualWithinMs = 5 * 60_000;

/** How long a guest may take until it is ready, in milliseconds from its start: what its manifest says, or 5 minutes. */
export const readyWithinMs = (readiness: z.output<typeof readinessField> | undefined): number =>
  readiness?.within === undefined ? usualWithinMs : (parseDuration(readiness.within) ?? usualWithinMs);

const count = z.int().min(0).max(10_000);
const scheduled = z.strictObject({
  schedule: z
    .string()
    .regex(/^(@(hourly|daily|weekly|monthly|yearly)|(\S+\s+){4}\S+)$/, 'must be cron, or @hourly, @daily, @weekly …'),
  keep: z
    .strictObject({
      last: count.optional(),
      hourly: count.optional(),
      daily: count.optional(),
      weekly: count.optional(),
      monthly: count.optional(),
      yearly: count.optional(),
    })
    .optional(),
});
export const snapshotsField = scheduled.meta({ id: 'SnapshotSchedule' });

export const backupsField = scheduled
  .extend({ to: nameField.optional().meta({ description: 'A target; may be left out where there is one alone' }) })
  .meta({ id: 'BackupSchedule' });

const volumeField = z.strictObject({
  name: nameField,
  size: sizeField('1MiB', '256TiB', 'size'),
  path: absolutePath
    .refine((path) => path !== '/', 'is the root itself')
    .optional()
    .meta({ description: 'Where a container finds it; /mnt/NAME when nothing is said' }),
});
/** At most as many as a virtual machine has slots to spare for. */
export const volumesField = z.array(volumeField).max(8);

/** Where a container finds a volume. */
export const volumePlace = ({ name, path }: z.output<typeof volumeField>): string => path ?? `/mnt/${name}`;

export const mountsField = z
  .array(z.strictObject({ from: absolutePath, to: absolutePath, readOnly: z.boolean().optional() }))
  .max(32);

export const replicateField = z.strictObject({ to: nameField, every: durationField });
