import { kvm, lxc } from '@innkeeper/drivers';
import { openBench } from './bench.ts';
import { conformance } from './suite.ts';

/** A machine that is emulated boots in a minute, and one case goes back to its snapshots four times. */
const timeoutsMs = { lxc: 400_000, kvm: 900_000 } as const;

for (const factory of [lxc, kvm]) conformance(factory.id, () => openBench(factory), timeoutsMs[factory.backend]);
