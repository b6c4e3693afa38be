import { z } from 'zod';
import { backends, type ChangeCost } from '../backend.ts';
import { deviceField } from '../devices.ts';
import { findImage, imageField } from '../image.ts';
import { nameField } from '../names.ts';
import { parseSize, sizeField } from '../units.ts';
import { cloudInitField } from './cloud-init.ts';
import { costKey, field } from './field.ts';
import {
  backupsField,
  dependsOnField,
  durationField,
  mountsField,
  readinessField,
  replicateField,
  snapshotsField,
  volumePlace,
  volumesField,
} from './lifecycle.ts';
import { networkField, portText, publicationsOf } from './network.ts';
import { labelsField, placementField } from './wishes.ts';

const cpuList = z
  .string()
  .regex(/^\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*$/, 'must be processors of the host, such as 0-3,6');
const moduleName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be the name of a kernel module');
const driverName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/);

const shape = {
  image: imageField.meta({ description: 'Name of an image, such as debian/12', [costKey]: 'recreate' }),
  project: field(nameField, 'live', 'Whom it belongs to; default when nothing is said'),
  description: field(z.string().max(1000), 'live', 'For people'),
  labels: field(labelsField, 'live', 'For filters, rules and other workloads'),

  backend: field(z.enum(['auto', ...backends]), 'recreate', 'Container or virtual machine; auto lets policy choose'),
  driver: field(driverName, 'recreate', 'A particular driver of that backend'),
  isolation: field(
    z.enum(['shared', 'strong']),
    'recreate',
    'strong: a kernel of its own; shared: the kernel of the host will do',
  ),
  placement: field(placementField, 'recreate', 'Where it may and should be'),

  cpus: field(z.int().min(1).max(512), 'restart', 'Processors the guest may use at once'),
  cpuWeight: field(z.int().min(1).max(10_000), 'live', 'Its share where processors are short; 100 is usual'),
  cpuPinning: field(cpuList, 'live', 'Processors of the host that it runs on'),
  memory: field(sizeField('16MiB', '16TiB', 'memory'), 'restart', 'Most memory the guest may use'),
  memoryReserve: field(sizeField('16MiB', '16TiB', 'memoryReserve'), 'live', 'Memory that the host keeps for it'),
  disk: field(sizeField('64MiB', '256TiB', 'disk'), 'recreate', 'Size of the root disk'),
  diskEnforced: field(z.boolean(), 'recreate', 'true: only where the size of the disk is a limit'),

  pool: field(nameField, 'recreate', 'The place of its host that it stands on; default is the state directory'),

  power: field(z.enum(['running', 'stopped', 'paused']), 'live', 'What the guest should be doing'),
  autostart: field(z.boolean(), 'live', 'false: not started again after a reboot of its host'),
  restart: field(
    z.enum(['never', 'on-failure', 'always']),
    'live',
    'Whether a guest that ended by itself is started again',
  ),
  dependsOn: field(dependsOnField, 'live', 'Workloads that have to be there first'),
  readiness: field(readinessField, 'live', 'When it counts as ready'),
  protect: field(z.boolean(), 'live', 'true: rm is refused, and the end of its ttl removes nothing'),
  ephemeral: field(z.boolean(), 'live', 'true: removed when it stops, whoever stopped it'),
  ttl: field(durationField, 'live', 'Removed when this long has passed since its creation'),
  failover: field(z.enum(['never', 'auto']), 'live', 'auto: started elsewhere when its host is gone'),
  replicate: field(replicateField, 'live', 'Copies kept on another host'),
  liveMigration: field(z.boolean(), 'recreate', 'true: has to be movable while it runs'),

  networks: field(z.array(networkField).max(8), 'live', 'Its network interfaces, in order'),
  volumes: field(volumesField, 'live', 'Disks beside the root; one that is left out keeps its data'),
  mounts: field(mountsField, 'recreate', 'Directories of the host; the ids are mapped'),
  devices: field(z.array(deviceField).max(16), 'recreate', 'Devices that it holds'),
  snapshots: field(snapshotsField, 'live', 'When snapshots are made and how many are kept'),
  backups: field(backupsField, 'live', 'When backups are made, where they go and how many are kept'),
  cloudInit: field(cloudInitField, 'recreate', 'What happens at the first boot'),

  kernelModules: field(z.array(moduleName).max(64), 'recreate', 'Modules that its own kernel has to load'),
  nested: field(z.boolean(), 'recreate', 'true: runs containers itself, such as Docker'),
  privileged: field(z.boolean(), 'recreate', 'true: no user ids of its own; forbidden until a rule allows it'),
};

/**
 * What a user asks for; unknown keys are errors. A field that no driver of a host acts on is a requirement that is not
 * met there, so a manifest is refused with a reason rather than half obeyed.
 * Only what the user set is stored: defaults are computed by `completeSpec`, so that drift shows intent.
 */
export const workloadSpec = z
  .strictObject(shape)
  .superRefine((spec, ctx) => {
    for (const { path, message } of contradictions(spec)) ctx.addIssue({ code: 'custom', path: [...path], message });
  })
  .meta({ id: 'WorkloadSpec', description: 'What a user asks for' });
export type WorkloadSpec = z.output<typeof workloadSpec>;
export type SpecField = keyof WorkloadSpec;

/** What a change of each field costs a workload that exists, as it is declared beside the field. */
export const changeCosts = Object.fromEntries(
  Object.entries(shape).map(([name, schema]) => [name, schema.meta()?.[costKey]]),
) as Readonly<Record<SpecField, ChangeCost>>;

interface Contradiction {
  readonly path: readonly string[];
  readonly message: string;
}

const noKernel = 'which a container (backend: lxc) does not have; use backend: kvm or auto';

/** Wishes that no host could ever meet together: told at once, as an error of the manifest and not of the placement. */
const contradictions = (spec: z.output<z.ZodObject<typeof shape>>): Contradiction[] => {
  const image = findImage(spec.image);
  const found: Contradiction[] = [];
  const container = spec.backend === 'lxc';
  if (container && image !== undefined && image.family !== 'linux') {
    found.push({
      path: ['backend'],
      message: `lxc cannot run ${spec.image}: a container shares the host's Linux kernel; use backend: kvm or auto`,
    });
  }
  if (container && spec.isolation === 'strong')
    found.push({ path: ['isolation'], message: `strong isolation is a kernel of its own, ${noKernel}` });
  if (container && (spec.kernelModules ?? []).length > 0)
    found.push({ path: ['kernelModules'], message: `kernel modules need a kernel of its own, ${noKernel}` });
  if (spec.privileged === true && spec.isolation === 'strong')
    found.push({ path: ['privileged'], message: 'privileged and isolation: strong contradict each other' });
  const [memory, reserve] = [parseSize(spec.memory ?? ''), parseSize(spec.memoryReserve ?? '')];
  if (memory !== undefined && reserve !== undefined && reserve > memory)
    found.push({ path: ['memoryReserve'], message: `${spec.memoryReserve} is more than memory: ${spec.memory}` });
  const names = (spec.volumes ?? []).map(({ name }) => name);
  for (const [position, name] of names.entries())
    if (names.indexOf(name) !== position)
      found.push({ path: ['volumes', String(position), 'name'], message: `there is another volume called ${name}` });
  const places = (spec.volumes ?? []).map(volumePlace);
  for (const [position, place] of places.entries())
    if (places.indexOf(place) !== position)
      found.push({ path: ['volumes', String(position), 'path'], message: `there is another volume at ${place}` });
  const published = publicationsOf(spec.networks ?? []);
  for (const [at, { position, ...port }] of published.entries())
    if (published.findIndex((other) => portText(other) === portText(port)) !== at)
      found.push({
        path: ['networks', String(position), 'ports'],
        message: `${portText(port)} of the host is published twice`,
      });
  if (spec.cloudInit !== undefined && image !== undefined && image.family !== 'linux')
    found.push({ path: ['cloudInit'], message: `is for Linux images that contain cloud-init; ${spec.image} does not` });
  if (spec.ephemeral === true && spec.protect === true)
    found.push({ path: ['protect'], message: 'protect and ephemeral contradict each other' });
  return found;
};
