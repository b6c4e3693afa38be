import { kvm, lxc } from '@innkeeper/drivers';
import { openBench } from './bench.ts';
import { conformance } from './suite.ts';

for (const factory of [lxc, kvm]) conformance(factory.id, () => openBench(factory), 400_000);
