import type { Candidate } from '@innkeeper/model';
import type { PlacementRequest } from '@innkeeper/placement';

/** What a clone is copied from, as it was asked for. */
export interface CloneOf {
  /** Of the workload. */
  readonly id: string;
  readonly name: string;
  readonly place: Candidate;
  readonly snapshot?: { readonly id: string; readonly name: string } | undefined;
  /** Ports of the host that the other one publishes, and the clone does not. */
  readonly ports: readonly string[];
}

export const cloneOf = (memory: Readonly<Record<string, unknown>>): CloneOf | undefined =>
  memory.origin as CloneOf | undefined;

/** For a decision: a clone is made where the other one is. */
export const placedBeside = (memory: Readonly<Record<string, unknown>>): Pick<PlacementRequest, 'origin'> => {
  const origin = cloneOf(memory);
  if (origin === undefined) return {};
  const { host, driver } = origin.place;
  return { origin: { workload: origin.name, host, driver } };
};
