export * from './host.ts';
export { localHost } from './local.ts';
