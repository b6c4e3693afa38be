export { type FieldChange, sameJson, sameSpec, specChanges } from './changes.ts';
export { type CompleteSpec, completeSpec, type Dependency, diskAsked, isAdopted, type Volume } from './complete.ts';
export { readyWithinMs } from './lifecycle.ts';
export {
  type NetworkAttachment,
  type Publication,
  type PublishedPort,
  parsePort,
  portText,
  publicationsOf,
} from './network.ts';
export { processorRoom } from './processors.ts';
export { withoutFirstBoot, withoutSecrets } from './redact.ts';
export { changeCosts, type SpecField, type WorkloadSpec, workloadSpec } from './spec.ts';
export type { Affinity } from './wishes.ts';
