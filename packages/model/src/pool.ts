import { z } from 'zod';
import { nameField } from './names.ts';

/** The state directory itself: what every host has, and what stands nowhere else stands in. */
export const defaultPool = 'default';

/**
 * How guests stand in a pool. `dir`: directories and disk files, on any file system. `btrfs`: what containers have of their own
 * is in subvolumes.
 */
export const poolKinds = ['dir', 'btrfs'] as const;
export type PoolKind = (typeof poolKinds)[number];

/** A place of a host that guests stand on, as a driver found it. Sizes in bytes. */
export const poolReport = z
  .object({
    name: z.string(),
    path: z.string(),
    /** Why it cannot be used now; nothing else is known of it then but its name and path. */
    away: z.string().optional(),
    kind: z.enum(poolKinds).optional(),
    /** As the kernel calls it: ext4, xfs, btrfs. */
    fileSystem: z.string().optional(),
    /** Whether a copy of a file takes no room until one of both changes. */
    sharesData: z.boolean().optional(),
    /** Whether `disk` and the sizes of volumes are limits for containers; a machine's disk is one everywhere. */
    limits: z.object({ value: z.boolean(), evidence: z.string() }).optional(),
    freeBytes: z.int().optional(),
    totalBytes: z.int().optional(),
  })
  .meta({ id: 'PoolReport' });
export type PoolReport = z.output<typeof poolReport>;

/** A pool as API, command and page show it. */
export const poolView = z
  .object({
    host: z.string(),
    ...poolReport.shape,
    /** That the workloads in it may take in all. */
    claimedBytes: z.int(),
    /** Those that stand in it. */
    workloads: z.array(z.string()),
  })
  .meta({ id: 'Pool' });
export type PoolView = z.output<typeof poolView>;

/** Parts of a path as a mount takes them without escapes: an overlay's options end at commas and colons. */
const plainPath = /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/;

/** A directory of a host that becomes a pool. */
export const newPool = z
  .strictObject({
    name: nameField.refine((name) => name !== defaultPool, 'default is the state directory; choose another name'),
    path: z
      .string()
      .max(200)
      .regex(plainPath, 'must be an absolute path of letters, digits, dots, hyphens and underscores, such as /mnt/fast')
      .meta({ description: 'An empty directory of the host, or one that was a pool of this name before' }),
  })
  .meta({ id: 'NewPool' });
export type NewPool = z.output<typeof newPool>;
