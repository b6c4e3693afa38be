export { type FieldChange, sameJson, sameSpec, specChanges } from './changes.ts';
export { type CompleteSpec, completeSpec, diskAsked, type Dependency, type Volume } from './complete.ts';
export type { NetworkAttachment } from './network.ts';
export { changeCosts, type SpecField, type WorkloadSpec, workloadSpec } from './spec.ts';
export type { Affinity } from './wishes.ts';
