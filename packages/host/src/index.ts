export * from './host.ts';
export { localHost } from './local.ts';
export { readMachine } from './machine.ts';
