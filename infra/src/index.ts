export { ensureLibvirt, isLibvirtReady, type LibvirtState, stopLibvirt } from './libvirt.ts';
