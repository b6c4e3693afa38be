export * from './claims.ts';
export { type Db, type Inventory, isDatabaseAway, isDuplicate, openInventory, ping } from './database.ts';
export * from './guests.ts';
export * from './hosts.ts';
export * from './operations.ts';
export { orphanedLockers, type QueueRunner, releaseQueueLocks, startQueue, wake } from './queue.ts';
export * from './records.ts';
export * from './workers.ts';
export * from './workloads.ts';
