export { type GuestCgroup, guestCgroup } from './cgroups.ts';
export { leaseFiles, readLeases } from './dhcp.ts';
export { guardedHost } from './guarded.ts';
export * from './host.ts';
export {
  hasHook,
  hookFile,
  installHook,
  type LibvirtHook,
  removeHook,
  shellWord,
} from './libvirt-hooks.ts';
export { type Limiter, limiter } from './limiter.ts';
export { readListeners } from './listeners.ts';
export { localHost } from './local.ts';
export { withHostLock } from './lock.ts';
export { readMachine } from './machine.ts';
export { osReleases } from './os-release.ts';
export { sshHost } from './ssh/host.ts';
export type { SshOptions } from './ssh/options.ts';
export { parseTarget } from './ssh/target.ts';
export { type GuestProcess, readUsage } from './usage.ts';
