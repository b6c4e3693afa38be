import type { DriverFactory } from '@innkeeper/driver-contract';
import { kvm } from './kvm/driver.ts';
import { lxc } from './lxc/driver.ts';

export { metadataUri } from './shared/metadata.ts';
export { kvm, lxc };

/** What the control plane loads by this package's name. */
export const drivers: readonly DriverFactory[] = [lxc, kvm];
