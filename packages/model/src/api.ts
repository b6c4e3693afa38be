import { z } from 'zod';
import { backends } from './backend.ts';
import { guestDisk, guestStates, guestStats, heldDevice } from './guest.ts';
import { imageVariants, storedImageName } from './image.ts';
import { placementRecord } from './placement.ts';
import { operationStates, stepStates, workloadStates } from './states.ts';
import { workloadSpec } from './workload/index.ts';

const time = z.iso.datetime();

export const complaintView = z
  .object({ path: z.string(), message: z.string(), hint: z.string().optional() })
  .meta({ id: 'Complaint' });

/** RFC 9457 problem details, with a stable `code`, a hint, and what is wrong with which field. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    hint: z.string().optional(),
    errors: z.array(complaintView).optional(),
    /** The messages of what lies behind it, outermost first. */
    causes: z.array(z.string()).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof problem>;

export const stepView = z
  .object({
    name: z.string(),
    state: z.enum(stepStates),
    text: z.string().optional(),
    startedAt: time.optional(),
    finishedAt: time.optional(),
  })
  .meta({ id: 'OperationStep' });
export type StepView = z.output<typeof stepView>;

/** What may be asked of a workload's power. */
export const powerActions = ['start', 'stop', 'restart', 'pause', 'resume'] as const;
export type PowerAction = (typeof powerActions)[number];

export const operationKinds = [
  'apply',
  ...powerActions,
  'clone',
  'rename',
  'snapshot',
  'restore',
  'change-snapshot',
  'remove-snapshot',
  'backup',
  'restore-backup',
  'verify-backup',
  'remove',
  'adopt',
  'release',
  'convert',
  'revert',
  'confirm',
] as const;
export type OperationKind = (typeof operationKinds)[number];

export const operationView = z
  .object({
    id: z.string(),
    kind: z.enum(operationKinds),
    workload: z.object({ id: z.string(), name: z.string() }),
    who: z.string(),
    state: z.enum(operationStates),
    /** What it is doing, as a phrase. */
    progress: z.string().optional(),
    steps: z.array(stepView),
    error: problem.optional(),
    createdAt: time,
    startedAt: time.optional(),
    finishedAt: time.optional(),
  })
  .meta({ id: 'Operation' });
export type OperationView = z.output<typeof operationView>;

/** A workload, or a foreign guest (`managed: false`, no spec). Sizes in bytes. */
export const workloadView = z
  .object({
    id: z.string(),
    name: z.string(),
    managed: z.boolean(),
    /** True for a guest that was there before: it is started, stopped and looked into, and nothing of it is changed. */
    adopted: z.boolean().optional(),
    /** What its backend calls its guest, where that is another name. */
    guestName: z.string().optional(),
    /** The driver whose guest it was before a conversion that is not confirmed yet. */
    convertedFrom: z.string().optional(),
    state: z.enum(workloadStates),
    /** What the libvirt of its host says, when that differs from the state's name. */
    guestState: z.enum(guestStates).optional(),
    backend: z.enum(backends).optional(),
    driver: z.string().optional(),
    host: z.string().optional(),
    image: z.string().optional(),
    /** A container's share of time may be a fraction. */
    cpus: z.number().optional(),
    memoryBytes: z.number().optional(),
    diskBytes: z.number().optional(),
    addresses: z.array(z.string()),
    labels: z.record(z.string(), z.string()),
    /** Why it runs where and as what it runs, in one sentence. */
    reason: z.string().optional(),
    spec: workloadSpec.optional(),
    generation: z.int().optional(),
    stats: guestStats.optional(),
    startedAt: time.optional(),
    createdAt: time.optional(),
    /** How often it was started again because its guest had ended by itself; missing while it never was. */
    restarts: z.int().optional(),
    /** When it is started again next. */
    nextRestartAt: time.optional(),
    /** When its ttl is over. */
    expiresAt: time.optional(),
    /** What its probe says; missing without `readiness` and while it does not run. `text`: what it is not ready for. */
    readiness: z.object({ ready: z.boolean(), since: time.optional(), text: z.string().optional() }).optional(),
    graphics: z.string().optional(),
    /** Whether its host starts it by itself, without Innkeeper. */
    autostart: z.boolean().optional(),
    /** Whether its definition stays when it stops. */
    persistent: z.boolean().optional(),
    /** Of a foreign guest: where its disks and directories are on the host. */
    disks: z.array(guestDisk).optional(),
    /** What of the host its definition gives it. */
    devices: z.array(heldDevice).optional(),
    /** Where the world differs from what was asked: `power: running was asked, the guest is stopped`. */
    drift: z.array(z.string()),
    operation: z.object({ id: z.string(), kind: z.enum(operationKinds), progress: z.string().optional() }).optional(),
    error: problem.optional(),
  })
  .meta({ id: 'Workload' });
export type WorkloadView = z.output<typeof workloadView>;

export const planAction = z.enum(['create', 'change', 'none', 'wait', 'impossible']);

export const workloadPlan = z
  .object({
    name: z.string(),
    action: planAction,
    changes: z.array(
      z.object({
        field: z.string(),
        from: z.unknown(),
        to: z.unknown(),
        cost: z.enum(['live', 'restart', 'recreate']),
      }),
    ),
    placement: placementRecord.optional(),
    /** How the specification becomes limits and devices of the chosen backend. */
    mapping: z.array(z.string()),
    warnings: z.array(z.string()),
    problem: problem.optional(),
  })
  .meta({ id: 'WorkloadPlan' });
export type WorkloadPlan = z.output<typeof workloadPlan>;

export const manifestPlan = z.object({ workloads: z.array(workloadPlan) }).meta({ id: 'ManifestPlan' });
export type ManifestPlan = z.output<typeof manifestPlan>;

/** Something that happened. Ids grow; a reader that was away asks from the last one it saw. */
export const eventView = z
  .object({
    id: z.string(),
    at: time,
    kind: z.string(),
    subject: z.object({
      kind: z.enum(['workload', 'host', 'operation', 'guest', 'image', 'rule', 'backup']),
      id: z.string(),
      name: z.string(),
    }),
    text: z.string(),
  })
  .meta({ id: 'Event' });
export type EventView = z.output<typeof eventView>;

/** One finding of the doctor: what was looked at, whether it is well, and what to do. */
export const finding = z
  .object({
    check: z.string(),
    level: z.enum(['ok', 'note', 'warning', 'error']),
    text: z.string(),
    fix: z.string().optional(),
  })
  .meta({ id: 'Finding' });
export type Finding = z.output<typeof finding>;

/** What may be asked to be an image: a file or an address, an image of a simplestreams server, or what a workload held. */
export const imageRequest = z
  .strictObject({
    name: storedImageName,
    source: z
      .string()
      .min(1)
      .max(2000)
      .optional()
      .meta({ description: 'An absolute path on the machine of the control plane, or an http or https address' }),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'a SHA-256 is 64 hexadecimal digits, as sha256sum prints them')
      .optional()
      .meta({ description: 'Of the file as it is fetched; anything else is refused' }),
    server: z.string().min(1).max(2000).optional().meta({ description: 'Address of a simplestreams server' }),
    image: z.string().min(1).max(200).optional().meta({ description: 'Name of an image there' }),
    workload: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'Name of a container of the machine of the control plane' }),
    snapshot: z.string().min(1).max(100).optional().meta({ description: 'Name of a snapshot of the workload' }),
    variant: z
      .enum(imageVariants, 'rootfs (for containers) or disk (for virtual machines)')
      .optional()
      .meta({ description: 'Told by the file itself without it; of a server a rootfs where it has one' }),
  })
  .superRefine((request, ctx) => {
    const { source, server, image, sha256, workload, snapshot, variant } = request;
    const add = (path: string, message: string): void => ctx.addIssue({ code: 'custom', path: [path], message });
    if ([source, server, workload].filter((one) => one !== undefined).length !== 1)
      add(
        'source',
        'either a source (a path or an address), a server with an image of it, or a workload with a snapshot',
      );
    if ((workload === undefined) !== (snapshot === undefined))
      add(workload === undefined ? 'workload' : 'snapshot', 'a workload and one of its snapshots');
    if (workload !== undefined && sha256 !== undefined) add('sha256', 'nobody can know it before it is packed');
    if (workload !== undefined && variant === 'disk') add('variant', 'what a container held becomes a rootfs');
    if (server !== undefined && image === undefined) add('image', 'which image of the server');
    if (server === undefined && image !== undefined) add('server', 'which server has the image');
    if (server !== undefined && sha256 !== undefined) add('sha256', 'a server says the checksums of its images itself');
  })
  .meta({ id: 'ImageRequest' });
export type ImageRequest = z.output<typeof imageRequest>;

/** What a host has of an image. Sizes in bytes. */
export const imageVariantView = z
  .object({
    variant: z.enum(imageVariants),
    bytes: z.number(),
    /** Of a disk: what a guest sees. */
    virtualBytes: z.number().optional(),
    sha256: z.string(),
    fetchedAt: time,
    /** A path, an address, or a server with the name of an image. */
    source: z.string(),
    /** Whether its checksum was said when it was imported. */
    pinned: z.boolean(),
    /** What was not taken over. */
    notes: z.array(z.string()),
  })
  .meta({ id: 'ImageVariant' });
export type ImageVariantView = z.output<typeof imageVariantView>;

export const imageStates = ['ready', 'fetching', 'failed'] as const;

export const imageView = z
  .object({
    name: z.string(),
    family: z.string(),
    title: z.string(),
    variants: z.array(z.string()),
    /** Hosts on which it is ready. */
    hosts: z.array(z.string()),
    /** Whether it comes with Innkeeper. */
    builtIn: z.boolean(),
    /** `fetching`: it cannot be used yet, and no list shows it. */
    state: z.enum(imageStates),
    /** Of an import, a pull or a refresh that is under way, as a phrase. */
    progress: z.string().optional(),
    /** Why the last of those failed. */
    error: problem.optional(),
    /** What is kept of it; missing of one that comes with Innkeeper, which is built where it is needed. */
    stored: z.array(imageVariantView),
    /** When it was built, of one that comes with Innkeeper and is on the machine of the control plane. */
    builtAt: time.optional(),
    /** Bytes on the machine of the control plane; of one that is built, when it is asked for by name. */
    bytes: z.number().optional(),
    /** Those that are made of it. */
    workloads: z.array(z.string()),
  })
  .meta({ id: 'Image' });
export type ImageView = z.output<typeof imageView>;

export const versionView = z.object({ version: z.string(), installation: z.string() }).meta({ id: 'Version' });
