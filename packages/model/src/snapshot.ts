import { z } from 'zod';
import { nameField } from './names.ts';

/** Of one workload. It stands in addresses and on command lines, never in a path of a host: folders are called by ids. */
export const snapshotNamePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const snapshotNameField = z.string().refine((name) => snapshotNamePattern.test(name), {
  error: (issue) =>
    `"${String(issue.input).slice(0, 80)}" cannot be the name of a snapshot: use 1 to 63 lower-case letters, digits and hyphens, not beginning or ending with a hyphen`,
});

/** The name of one that was given none: the moment in UTC, to the second, such as `20261126-154418`. */
export const snapshotNameAt = (moment: Date): string =>
  moment.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');

/** The name of one that a schedule makes for a moment: `auto-20261126-150000`. There is one for each moment. */
export const scheduledNameAt = (moment: Date): string => `auto-${snapshotNameAt(moment)}`;

/** Whether a schedule made it: only these are removed when there are more than are to be kept. */
export const isScheduledName = (name: string): boolean => /^auto-\d{8}-\d{6}$/.test(name);

const ownNameField = snapshotNameField.refine((name) => !isScheduledName(name), {
  error: (issue) =>
    `"${String(issue.input)}" is how snapshots of a schedule are called: they go when there are more than are to be kept`,
});

const text = z.string().max(500);

/** A snapshot that is to be made. */
export const newSnapshot = z
  .strictObject({
    name: ownNameField.optional().meta({ description: 'The moment in UTC when left out: 20261126-154418' }),
    description: text.optional().meta({ description: 'For people' }),
  })
  .meta({ id: 'NewSnapshot' });
export type NewSnapshot = z.output<typeof newSnapshot>;

/** What of a snapshot is to be otherwise. */
export const snapshotChange = z
  .strictObject({
    name: ownNameField.optional(),
    description: text.optional().meta({ description: 'For people; an empty one takes it away' }),
  })
  .refine(({ name, description }) => name !== undefined || description !== undefined, {
    error: 'says nothing that is to be changed: give name, description or both',
  })
  .meta({ id: 'SnapshotChange' });
export type SnapshotChange = z.output<typeof snapshotChange>;

/** A workload that is to begin with a copy of what another one holds. */
export const newClone = z
  .strictObject({
    name: nameField,
    snapshot: z.string().optional().meta({ description: 'What it held then, and not what it holds now' }),
    power: z.enum(['running', 'stopped']).optional().meta({ description: 'What it does then; running when left out' }),
  })
  .meta({ id: 'NewClone' });
export type NewClone = z.output<typeof newClone>;

/** What is kept beside a snapshot on its host, so that either side can be rebuilt from the other. */
export const snapshotNote = z.object({
  id: z.uuid(),
  name: z.string(),
  description: z.string().optional(),
  /** Id of the one that the workload stood on. */
  parent: z.uuid().optional(),
  createdAt: z.iso.datetime(),
});
export type SnapshotNote = z.output<typeof snapshotNote>;

/** `creating`: not whole yet. `removing`: it may be half gone, and nothing goes back to it. */
export const snapshotStates = ['creating', 'ready', 'removing'] as const;
export type SnapshotState = (typeof snapshotStates)[number];

export const snapshotView = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string().optional(),
    state: z.enum(snapshotStates),
    /** Name of the one that the workload stood on when this was made; missing for a first one. */
    parent: z.string().optional(),
    /** Whether the workload stands on it: it was made, or gone back to, last. */
    current: z.boolean(),
    createdAt: z.iso.datetime(),
    /** Bytes that it takes on its host; missing until it is whole. */
    sizeBytes: z.number().optional(),
  })
  .meta({ id: 'Snapshot' });
export type SnapshotView = z.output<typeof snapshotView>;
