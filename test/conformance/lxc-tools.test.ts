import { openLxcToolsBench } from './lxc-tools-bench.ts';
import { conformance } from './suite.ts';

conformance('lxc-tools', openLxcToolsBench);
