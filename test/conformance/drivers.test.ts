import { kvm, lxc } from '@innkeeper/drivers';
import { ensureLibvirt, stopLibvirt } from '@innkeeper/infra';
import { openBench } from './bench.ts';
import { host } from './orders.ts';
import { conformance } from './suite.ts';

/** Guests run on while the daemon is away: QEMU and libvirt_lxc do not need it to live. */
const restartLibvirt = async (): Promise<void> => {
  await stopLibvirt(host);
  await ensureLibvirt(host);
};

for (const factory of [lxc, kvm]) conformance(factory.id, () => openBench(factory, restartLibvirt), 400_000);
