import type { Backend } from '../backend.ts';
import { type DeviceRequest, deviceRequestOf } from '../devices.ts';
import { adoptedImage, findImage, type ImageDefinition } from '../image.ts';
import { defaultPool } from '../pool.ts';
import { parseDuration, parseSize } from '../units.ts';
import { volumePlace } from './lifecycle.ts';
import type { NetworkAttachment } from './network.ts';
import type { WorkloadSpec } from './spec.ts';
import type { Affinity } from './wishes.ts';

export interface Dependency {
  readonly workload: string;
  readonly until: 'running' | 'ready';
}

/** A disk beside the root. */
export interface Volume {
  readonly name: string;
  readonly sizeBytes: number;
  /** Where a container finds it. */
  readonly place: string;
}

/** A specification with every default filled in, sizes in bytes and durations in milliseconds. */
export interface CompleteSpec {
  readonly image: ImageDefinition;
  readonly project: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly backend: 'auto' | Backend;
  readonly driver: string | undefined;
  readonly isolation: 'shared' | 'strong';
  readonly host: string | undefined;
  readonly hostLabels: Readonly<Record<string, string>>;
  readonly strategy: 'spread' | 'pack';
  readonly spreadBy: string | undefined;
  readonly near: readonly Affinity[];
  readonly away: readonly Affinity[];
  readonly cpus: number;
  readonly cpuWeight: number | undefined;
  readonly cpuPinning: string | undefined;
  readonly memoryBytes: number;
  readonly memoryReserveBytes: number | undefined;
  readonly diskBytes: number;
  readonly diskEnforced: boolean;
  /** Undefined: the state directory. */
  readonly pool: string | undefined;
  readonly power: 'running' | 'stopped' | 'paused';
  readonly autostart: boolean;
  readonly restart: 'never' | 'on-failure' | 'always';
  readonly dependsOn: readonly Dependency[];
  readonly readiness: WorkloadSpec['readiness'];
  readonly protect: boolean;
  readonly ephemeral: boolean;
  readonly ttlMs: number | undefined;
  readonly failover: 'never' | 'auto';
  readonly replicate: WorkloadSpec['replicate'];
  readonly liveMigration: boolean;
  readonly networks: readonly NetworkAttachment[];
  readonly volumes: readonly Volume[];
  readonly mounts: NonNullable<WorkloadSpec['mounts']>;
  readonly devices: readonly DeviceRequest[];
  readonly snapshots: WorkloadSpec['snapshots'];
  readonly backups: WorkloadSpec['backups'];
  readonly cloudInit: WorkloadSpec['cloudInit'];
  readonly kernelModules: readonly string[];
  readonly nested: boolean;
  readonly privileged: boolean;
}

/** Bytes that root disk and volumes together may take; what an adopted guest has is on the host's disk already. */
export const diskAsked = ({
  image,
  diskBytes,
  volumes,
}: Pick<CompleteSpec, 'image' | 'diskBytes' | 'volumes'>): number =>
  image.source.kind === 'adopted' ? 0 : volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes, diskBytes);

/** Whether it is one of a guest that was there before: Innkeeper changes nothing of such a guest but whose it is. */
export const isAdopted = ({ image }: Pick<WorkloadSpec, 'image'>): boolean => image === adoptedImage;

const optionalSize = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : parseSize(text);

const dependencyOf = (one: NonNullable<WorkloadSpec['dependsOn']>[number]): Dependency =>
  typeof one === 'string'
    ? { workload: one, until: 'running' }
    : { workload: one.workload, until: one.until ?? 'running' };

export const completeSpec = (spec: WorkloadSpec): CompleteSpec => {
  const image = findImage(spec.image);
  if (image === undefined) throw new TypeError(`unchecked specification: image ${spec.image}`);
  const { placement = {} } = spec;
  return {
    image,
    project: spec.project ?? 'default',
    labels: spec.labels ?? {},
    backend: spec.backend ?? 'auto',
    driver: spec.driver,
    isolation: spec.isolation ?? 'shared',
    host: placement.host,
    hostLabels: placement.hostLabels ?? {},
    strategy: placement.strategy ?? 'spread',
    spreadBy: placement.spreadBy,
    near: placement.near ?? [],
    away: placement.away ?? [],
    cpus: spec.cpus ?? image.defaults.cpus,
    cpuWeight: spec.cpuWeight,
    cpuPinning: spec.cpuPinning,
    memoryBytes: parseSize(spec.memory ?? image.defaults.memory) ?? 0,
    memoryReserveBytes: optionalSize(spec.memoryReserve),
    diskBytes: parseSize(spec.disk ?? image.defaults.disk) ?? 0,
    diskEnforced: spec.diskEnforced ?? false,
    pool: spec.pool === defaultPool ? undefined : spec.pool,
    power: spec.power ?? 'running',
    autostart: spec.autostart ?? true,
    restart: spec.restart ?? 'never',
    dependsOn: (spec.dependsOn ?? []).map(dependencyOf),
    readiness: spec.readiness,
    protect: spec.protect ?? false,
    ephemeral: spec.ephemeral ?? false,
    ttlMs: spec.ttl === undefined ? undefined : parseDuration(spec.ttl),
    failover: spec.failover ?? 'never',
    replicate: spec.replicate,
    liveMigration: spec.liveMigration ?? false,
    networks: spec.networks ?? [{ network: 'default' }],
    volumes: (spec.volumes ?? []).map((one) => ({
      name: one.name,
      sizeBytes: parseSize(one.size) ?? 0,
      place: volumePlace(one),
    })),
    mounts: spec.mounts ?? [],
    devices: (spec.devices ?? []).map(deviceRequestOf),
    snapshots: spec.snapshots,
    backups: spec.backups,
    cloudInit: spec.cloudInit,
    kernelModules: spec.kernelModules ?? [],
    nested: spec.nested ?? false,
    privileged: spec.privileged ?? false,
  };
};
