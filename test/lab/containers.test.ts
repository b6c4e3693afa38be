import { conformanceInside } from './conformance.ts';
import { machines } from './lab-host.ts';

conformanceInside({ backend: 'lxc', machine: machines.containers });
