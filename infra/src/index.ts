export { type Database, type DatabaseOptions, ensureDatabase, stopDatabase } from './database.ts';
export { type DownOptions, down } from './down.ts';
export { ensureLibvirt, isLibvirtReady, type LibvirtState, stopLibvirt } from './libvirt.ts';
export { createReporter, type Reporter, silentReporter, standardReporter } from './report.ts';
export { type ControlPlaneOptions, startControlPlane, stopControlPlane } from './service.ts';
export { type UpOptions, up } from './up.ts';
