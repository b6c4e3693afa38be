import { editedSince } from '@innkeeper/driver-contract';
import type { DomainDescription } from '@innkeeper/libvirt';
import type { GuestObservation, Ownership } from '@innkeeper/model';
import { cpusOf, memoryOf } from './pending.ts';

/**
 * Definitions that Innkeeper wrote stand on what is named by the guest's id, and say both amounts in every place that has
 * them. One that was there before and was adopted says them as its maker liked: what acts counts.
 */
const isOurWriting = ({ uuid, disks, filesystems }: DomainDescription): boolean =>
  uuid !== undefined && [...disks, ...filesystems].some(({ source }) => source?.includes(uuid) === true);

/** What a definition of a guest of ours says instead of what Innkeeper wrote. Software emulation gets one processor. */
export const editedOf = (owned: Ownership, defined: DomainDescription): GuestObservation['edited'] => {
  const { vcpus, memoryBytes, maxMemoryBytes, type } = defined;
  const elsewhere = isOurWriting(defined);
  return editedSince(
    owned.spec,
    {
      cpus: [cpusOf(defined), ...(elsewhere ? [vcpus] : [])],
      memoryBytes: [memoryOf(defined), ...(elsewhere ? [memoryBytes, maxMemoryBytes] : [])],
    },
    type === 'qemu' ? [1] : [],
  );
};
