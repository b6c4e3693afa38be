export { type GuestCgroup, guestCgroup } from './cgroups.ts';
export * from './host.ts';
export { localHost } from './local.ts';
export { readMachine } from './machine.ts';
export { type GuestProcess, readUsage } from './usage.ts';
