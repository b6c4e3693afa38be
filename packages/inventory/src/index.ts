export { allOf } from './all-of.ts';
export * from './aside.ts';
export * from './audit.ts';
export * from './backups.ts';
export * from './claims.ts';
export * from './clones.ts';
export { type Db, type Inventory, isDatabaseAway, isDuplicate, openInventory, ping } from './database.ts';
export * from './devices.ts';
export { dumpToFile, restoreFromFile } from './dump-file.ts';
export * from './guest-names.ts';
export * from './guests.ts';
export * from './hosts.ts';
export * from './lives.ts';
export * from './locking.ts';
export * from './networks.ts';
export * from './operations.ts';
export * from './placed.ts';
export * from './placements.ts';
export * from './ports.ts';
export { findOperationProject, findPlacementProject, findProjectOf } from './project.ts';
export {
  orphanedLockers,
  type QueueRunner,
  removeForgotten,
  removeJobsOf,
  startQueue,
  wake,
  wakeNext,
  wakeWaiting,
} from './queue.ts';
export * from './readiness.ts';
export * from './records.ts';
export * from './recovery.ts';
export { isLostWrite } from './renewing.ts';
export * from './rules.ts';
export type { Place } from './schema.ts';
export * from './snapshots.ts';
export * from './standing.ts';
export * from './tokens.ts';
export { type Turn, turnsAtOnce } from './turns.ts';
export * from './workers.ts';
export * from './workloads.ts';
