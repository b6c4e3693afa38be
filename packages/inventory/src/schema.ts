export * from './schema/access.ts';
export * from './schema/backups.ts';
export { innkeeper } from './schema/base.ts';
export * from './schema/claims.ts';
export * from './schema/networks.ts';
export * from './schema/operations.ts';
export * from './schema/snapshots.ts';
export * from './schema/workloads.ts';
