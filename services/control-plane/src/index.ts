export { buildApplication } from './application.ts';
export { type Config, readConfig } from './config.ts';
export { createLog } from './log.ts';
export { openApiText } from './openapi.ts';
export type { FaultPoints } from './operations/run.ts';
export { type Running, startControlPlane } from './start.ts';
