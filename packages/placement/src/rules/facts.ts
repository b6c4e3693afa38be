import type { DriverReport } from '@innkeeper/model';
import type { HostSnapshot, PlacementRequest } from '../snapshot.ts';
import type { Facts } from './engine.ts';

const whole = (amount: number): bigint => BigInt(Math.floor(amount));

export const workloadFacts = ({ name, spec }: PlacementRequest): Facts<'w'> => ({
  name,
  project: spec.project,
  image: spec.image.name,
  os: spec.image.family,
  backend: spec.backend,
  isolation: spec.isolation,
  cpus: whole(spec.cpus),
  memory: whole(spec.memoryBytes),
  disk: whole(spec.diskBytes),
  labels: spec.labels,
  networks: spec.networks.map(({ network }) => network),
  devices: spec.devices.map((device) => device.class),
  nested: spec.nested,
  privileged: spec.privileged,
  ephemeral: spec.ephemeral,
  liveMigration: spec.liveMigration,
});

/** What is left to promise, as the check of capacity counts it. */
const freeMemory = ({ memoryBytes, memoryRatio, reserved, claimed, foreign }: HostSnapshot): number =>
  Math.max(0, memoryBytes * memoryRatio - reserved.memoryBytes - claimed.memoryBytes - foreign.memoryBytes);

export const hostFacts = (host: HostSnapshot, workloads: number): Facts<'h'> => ({
  name: host.name,
  state: host.state,
  labels: host.labels,
  images: host.images,
  devices: host.devices.map((device) => device.class),
  cpus: whole(host.cpus),
  memory: whole(host.memoryBytes),
  freeMemory: whole(freeMemory(host)),
  workloads: BigInt(workloads),
});

export const driverFacts = (driver: DriverReport): Facts<'d'> => {
  const acceleration = driver.capabilities.acceleration?.value;
  return {
    name: driver.driver,
    backend: driver.backend,
    acceleration: typeof acceleration === 'string' ? acceleration : 'none',
  };
};
