export { decide } from './decide.ts';
export type { HostSnapshot, PlacementRequest, Snapshot } from './snapshot.ts';
