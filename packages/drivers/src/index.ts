export { kvm } from './kvm/driver.ts';
export { lxc } from './lxc/driver.ts';
export { metadataUri } from './shared/metadata.ts';
