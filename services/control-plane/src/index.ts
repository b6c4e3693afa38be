export { buildApplication } from './application.ts';
export { type Config, readConfig } from './config.ts';
export { type Running, startControlPlane } from './start.ts';
export type { FaultPoints } from './operations/run.ts';
