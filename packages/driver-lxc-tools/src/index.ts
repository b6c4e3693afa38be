import type { DriverFactory } from '@innkeeper/driver-contract';
import { lxcTools } from './driver.ts';

export { lxcTools };

/** What the control plane loads by this package's name. */
export const drivers: readonly DriverFactory[] = [lxcTools];
