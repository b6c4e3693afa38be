import { type CompleteSpec, completeSpec, type Rule } from '@innkeeper/model';
import type { HostSnapshot, PlacedWorkload, PlacementRequest } from '../snapshot.ts';

/** A question that people ask of "container or virtual machine, and where?", with its answer. */
export interface Question {
  readonly says: string;
  readonly hosts: readonly HostSnapshot[];
  readonly request: PlacementRequest;
  readonly workloads?: readonly PlacedWorkload[];
  /** Instead of the shipped ones. */
  readonly rules?: readonly Rule[];
  /** `host/driver`, or nothing when it fits nowhere. */
  readonly winner?: string;
  readonly reason: string;
  /** Missing when waiting would not help. */
  readonly waitsFor?: string;
}

/** Why a plain Linux service is a container on the host h1 wherever nothing else is asked for. */
export const lighter = 'a Linux service is lighter as a container: it starts at once and shares memory with the host';

const debian = completeSpec({ image: 'debian/12' }).image;

/** Images of kinds that are not shipped. */
export const imageOf = (parts: Partial<CompleteSpec['image']>): Partial<CompleteSpec> => ({
  image: { ...debian, ...parts },
});
