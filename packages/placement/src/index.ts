export { capacityFor } from './capacity.ts';
export { decide } from './decide.ts';
export { proposeMoves } from './rebalance.ts';
export { recordDifferences, replay } from './replay.ts';
export { compileCondition, type RuleFacts } from './rules/engine.ts';
export { shippedRules } from './rules/shipped.ts';
export type {
  DeviceSnapshot,
  HostSnapshot,
  OwnNetwork,
  PlacedWorkload,
  PlacementInput,
  PlacementRequest,
  Snapshot,
} from './snapshot.ts';
export { imagine, withoutPlaced, withPlaced } from './what-if.ts';
export { whyNotHost } from './why-not.ts';
