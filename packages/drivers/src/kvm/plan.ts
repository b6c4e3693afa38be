import type { GuestOrder, GuestPlan } from '@innkeeper/driver-contract';
import { formatSize, processorRoom } from '@innkeeper/model';
import { limitMapping } from '../shared/bandwidth.ts';
import { directWarnings } from '../shared/direct.ts';
import { poolText } from '../shared/pools.ts';
import { sharesOf, tuningMapping } from '../shared/tuning.ts';
import { unservedWarnings } from './first-boot.ts';
import { volumeSerial } from './xml.ts';

/** What a machine is to be, and what the host makes of it. */
export const planMachine = (order: GuestOrder): GuestPlan => {
  const { report, ...rest } = order;
  const { spec } = order;
  const acceleration = (report.capabilities.acceleration?.value ?? 'unproven') as 'kvm' | 'tcg' | 'unproven';
  const emulated = acceleration === 'tcg' && spec.cpus > 1;
  return {
    name: order.name,
    uuid: order.uuid,
    mapping: [
      `cpus ${spec.cpus}: ${emulated ? '1 virtual processor, since this host only emulates' : `${spec.cpus} virtual processors, up to ${processorRoom(spec.cpus)} while it runs`}`,
      `memory ${formatSize(spec.memoryBytes)}: memory of the machine, with a balloon`,
      ...tuningMapping(spec),
      ...limitMapping(spec.networks),
      ...(spec.cloudInit === undefined ? [] : ['first boot: cloud-init, told by a disk labelled cidata (NoCloud)']),
      spec.image.source.kind === 'blank'
        ? `disk: an empty qcow2 of ${formatSize(spec.diskBytes)} for your installation medium${poolText(order)}`
        : `disk: a qcow2 of ${formatSize(spec.diskBytes)} over the shared image ${spec.image.name}${poolText(order)}`,
      ...spec.volumes.map(
        ({ name, sizeBytes }) =>
          `volume ${name}: a disk of ${formatSize(sizeBytes)}, /dev/disk/by-id/virtio-${volumeSerial(name)} in Linux`,
      ),
    ],
    warnings: [
      ...spec.volumes.map(
        ({ name }) =>
          `volume ${name}: the machine itself makes a file system on it and mounts it, at its first boot empty`,
      ),
      ...directWarnings(order.claims.networks),
      ...unservedWarnings(order),
      ...(acceleration === 'tcg'
        ? [`runs under software emulation, many times slower: ${report.capabilities.acceleration?.evidence ?? ''}`]
        : []),
      ...(acceleration === 'unproven'
        ? ['hardware acceleration is not proven yet: the first virtual machine waits up to a minute for it']
        : []),
    ],
    definition: { ...rest, acceleration, shares: sharesOf(spec, report) },
  };
};
