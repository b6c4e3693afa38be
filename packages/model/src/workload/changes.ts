import type { Backend, ChangeCost } from '../backend.ts';
import { completeSpec } from './complete.ts';
import { processorRoom } from './processors.ts';
import { changeCosts, type SpecField, type WorkloadSpec } from './spec.ts';

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

/** Whether two values say the same as JSON, whatever the order of their keys. */
export const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

export interface FieldChange {
  readonly field: SpecField;
  readonly from: unknown;
  readonly to: unknown;
  readonly cost: ChangeCost;
}

/** Each field as it takes effect: a default written out is the same as one left out. */
const effective = (spec: WorkloadSpec): Readonly<Record<SpecField, unknown>> => {
  const complete = completeSpec(spec);
  const { host, hostLabels, strategy, spreadBy, near, away } = complete;
  return {
    ...complete,
    image: complete.image.name,
    memory: complete.memoryBytes,
    memoryReserve: complete.memoryReserveBytes,
    disk: complete.diskBytes,
    ttl: complete.ttlMs,
    placement: { host, hostLabels, strategy, spreadBy, near, away },
    description: spec.description ?? '',
  };
};

/** What an interface of a container may carry is said when the container starts. */
const changesLimits = (from: WorkloadSpec, to: WorkloadSpec): boolean => {
  const limits = (spec: WorkloadSpec) => completeSpec(spec).networks.map(({ limit }) => limit ?? null);
  const [before, after] = [limits(from), limits(to)];
  return before.length === after.length && !sameJson(before, after);
};

/** True when a volume would become smaller. */
export const shrinksVolume = (from: WorkloadSpec, to: WorkloadSpec): boolean =>
  completeSpec(from).volumes.some(({ name, sizeBytes }) =>
    completeSpec(to).volumes.some((one) => one.name === name && one.sizeBytes < sizeBytes),
  );

/** Where the direction of a change or the backend that the guest has makes it cheaper or dearer than its field says. */
const costOf = (field: SpecField, from: WorkloadSpec, to: WorkloadSpec, backend: Backend | undefined): ChangeCost => {
  const [before, after] = [completeSpec(from), completeSpec(to)];
  if (field === 'disk') return after.diskBytes > before.diskBytes ? 'live' : 'recreate';
  // Naming what it has already, or leaving it to Innkeeper again, makes no other guest.
  if (field === 'backend' && backend !== undefined && (to.backend ?? backend) === backend) return 'live';
  if (field === 'volumes' && shrinksVolume(from, to)) return 'recreate';
  if (backend === 'lxc' && field === 'volumes') return 'restart';
  if (backend === 'lxc' && field === 'networks' && changesLimits(from, to)) return 'restart';
  if (backend === 'lxc' && (field === 'cpus' || field === 'memory')) return 'live';
  if (backend === 'kvm' && field === 'cpus')
    return after.cpus > before.cpus && after.cpus <= processorRoom(before.cpus) ? 'live' : 'restart';
  if (backend === 'kvm' && field === 'memory' && after.memoryBytes < before.memoryBytes) return 'live';
  return backend === 'lxc' && field === 'cpuPinning' ? 'restart' : changeCosts[field];
};

/**
 * The fields in which two specifications differ in effect: a default written out is no change. `backend` is that of the
 * guest, when there is one.
 */
export const specChanges = (from: WorkloadSpec, to: WorkloadSpec, backend?: Backend): FieldChange[] => {
  const [before, after] = [effective(from), effective(to)];
  return (Object.keys(changeCosts) as SpecField[])
    .filter((field) => !sameJson(before[field], after[field]))
    .map((field) => ({ field, from: from[field], to: to[field], cost: costOf(field, from, to, backend) }));
};

export const sameSpec = (a: WorkloadSpec, b: WorkloadSpec): boolean => sameJson(a, b);
