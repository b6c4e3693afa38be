import { z } from 'zod';
import { findImage, type ImageDefinition, imageField } from './image.ts';
import { nameField } from './names.ts';
import { parseSize, sizeField } from './units.ts';

export const backends = ['lxc', 'kvm'] as const;
export type Backend = (typeof backends)[number];

/** What has to happen for a changed field to take effect. */
export type ChangeCost = 'live' | 'restart' | 'recreate';

const macPattern = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const octet = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const ipv4Pattern = new RegExp(`^${octet}(\\.${octet}){3}$`);

const networkField = z
  .strictObject({
    network: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$/, 'must be the name of a libvirt network')
      .default('default'),
    address: z
      .string()
      .refine((text) => ipv4Pattern.test(text), {
        error: (issue) => `"${String(issue.input).slice(0, 40)}" is not an IPv4 address such as 192.168.122.50`,
      })
      .optional(),
    mac: z
      .string()
      .toLowerCase()
      .refine((text) => macPattern.test(text) && (Number.parseInt(text.slice(0, 2), 16) & 1) === 0, {
        error: (issue) =>
          `"${String(issue.input).slice(0, 40)}" is not the MAC address of one interface, such as 52:54:00:aa:bb:01`,
      })
      .optional(),
  })
  .meta({ id: 'NetworkAttachment', description: 'One network interface of a workload' });

const labelKey = /^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$/;

/**
 * What a user asks for. A field stands here when something acts on it; unknown keys are errors.
 * Only what the user set is stored: defaults are computed by {@link completeSpec}, so that drift shows intent.
 */
export const workloadSpec = z
  .strictObject({
    image: imageField.meta({ description: 'Name of an image, such as debian/12' }),
    backend: z
      .enum(['auto', ...backends])
      .optional()
      .meta({ description: 'Container or virtual machine; auto lets policy choose' }),
    driver: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,30}$/)
      .optional()
      .meta({ description: 'A particular driver of that backend' }),
    cpus: z.int().min(1).max(512).optional().meta({ description: 'Processors the guest may use at once' }),
    memory: sizeField('16MiB', '16TiB', 'memory').optional().meta({ description: 'Most memory the guest may use' }),
    disk: sizeField('64MiB', '256TiB', 'disk').optional().meta({ description: 'Size of the root disk' }),
    isolation: z
      .enum(['shared', 'strong'])
      .optional()
      .meta({ description: 'strong: a kernel of its own; shared: the kernel of the host will do' }),
    power: z.enum(['running', 'stopped']).optional().meta({ description: 'What the guest should be doing' }),
    networks: z.array(networkField).max(8).optional(),
    placement: z.strictObject({ host: nameField.optional().meta({ description: 'Only this host' }) }).optional(),
    labels: z
      .record(z.string().regex(labelKey, 'must be lower-case letters, digits and . _ / -'), z.string().max(200))
      .refine((labels) => Object.keys(labels).length <= 64, 'at most 64 labels')
      .optional(),
    description: z.string().max(1000).optional(),
  })
  .superRefine((spec, ctx) => {
    for (const { path, message } of contradictions(spec)) ctx.addIssue({ code: 'custom', path: [...path], message });
  })
  .meta({ id: 'WorkloadSpec', description: 'What a user asks for' });

export type WorkloadSpec = z.output<typeof workloadSpec>;
export type NetworkAttachment = z.output<typeof networkField>;

/** What a change of each field costs a workload that already exists; shown by plan before anything happens. */
export const changeCosts: Readonly<Record<keyof WorkloadSpec, ChangeCost>> = {
  image: 'recreate',
  backend: 'recreate',
  driver: 'recreate',
  isolation: 'recreate',
  disk: 'recreate',
  placement: 'recreate',
  networks: 'recreate',
  cpus: 'restart',
  memory: 'restart',
  power: 'live',
  labels: 'live',
  description: 'live',
};

interface Contradiction {
  readonly path: readonly string[];
  readonly message: string;
}

/** Wishes that no host could ever meet together: told at once, as an error of the manifest and not of the placement. */
const contradictions = (spec: {
  readonly image: string;
  readonly backend?: string | undefined;
  readonly isolation?: string | undefined;
}): Contradiction[] => {
  const image = findImage(spec.image);
  const found: Contradiction[] = [];
  if (spec.backend === 'lxc' && image !== undefined && image.family !== 'linux') {
    found.push({
      path: ['backend'],
      message: `lxc cannot run ${spec.image}: a container shares the host's Linux kernel; use backend: kvm or auto`,
    });
  }
  if (spec.backend === 'lxc' && spec.isolation === 'strong') {
    found.push({
      path: ['isolation'],
      message:
        'strong isolation is a kernel of its own, which a container (backend: lxc) does not have; use backend: kvm or auto',
    });
  }
  return found;
};

/** A specification with every default filled in and sizes as bytes. */
export interface CompleteSpec {
  readonly image: ImageDefinition;
  readonly backend: 'auto' | Backend;
  readonly driver: string | undefined;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly isolation: 'shared' | 'strong';
  readonly power: 'running' | 'stopped';
  readonly networks: readonly NetworkAttachment[];
  readonly host: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

export const completeSpec = (spec: WorkloadSpec): CompleteSpec => {
  const image = findImage(spec.image);
  if (image === undefined) throw new TypeError(`unchecked specification: image ${spec.image}`);
  return {
    image,
    backend: spec.backend ?? 'auto',
    driver: spec.driver,
    cpus: spec.cpus ?? image.defaults.cpus,
    memoryBytes: parseSize(spec.memory ?? image.defaults.memory) ?? 0,
    diskBytes: parseSize(spec.disk ?? image.defaults.disk) ?? 0,
    isolation: spec.isolation ?? 'shared',
    power: spec.power ?? 'running',
    networks: spec.networks ?? [{ network: 'default' }],
    host: spec.placement?.host,
    labels: spec.labels ?? {},
  };
};

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
};

export interface FieldChange {
  readonly field: keyof WorkloadSpec;
  readonly from: unknown;
  readonly to: unknown;
  readonly cost: ChangeCost;
}

/** The fields in which two specifications differ in effect: a default written out is no change. */
export const specChanges = (from: WorkloadSpec, to: WorkloadSpec): FieldChange[] => {
  const [before, after] = [effective(from), effective(to)];
  return (Object.keys(changeCosts) as (keyof WorkloadSpec)[])
    .filter((field) => !sameJson(before[field], after[field]))
    .map((field) => ({ field, from: from[field], to: to[field], cost: changeCosts[field] }));
};

const effective = (spec: WorkloadSpec): Readonly<Record<keyof WorkloadSpec, unknown>> => {
  const complete = completeSpec(spec);
  return {
    image: complete.image.name,
    backend: complete.backend,
    driver: complete.driver,
    cpus: complete.cpus,
    memory: complete.memoryBytes,
    disk: complete.diskBytes,
    isolation: complete.isolation,
    power: complete.power,
    networks: complete.networks,
    placement: { host: complete.host },
    labels: complete.labels,
    description: spec.description ?? '',
  };
};

export const sameSpec = (a: WorkloadSpec, b: WorkloadSpec): boolean => sameJson(a, b);
