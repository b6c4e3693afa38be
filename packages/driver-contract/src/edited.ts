import { completeSpec, findImage, type GuestObservation, type WorkloadSpec } from '@innkeeper/model';

/** QEMU is given whole MiB, libvirt keeps KiB: what differs by less was rounded, not edited. */
const roundedBytes = 2 ** 20;
const roundedCpus = 0.01;

/** What a definition says of processors and memory, in each place where it does. Bytes. */
export interface DefinedAmounts {
  readonly cpus: readonly (number | undefined)[];
  readonly memoryBytes: readonly (number | undefined)[];
}

const other = (
  said: readonly (number | undefined)[],
  written: readonly number[],
  tolerance: number,
): number | undefined =>
  said.find((one) => one !== undefined && written.every((each) => Math.abs(each - one) >= tolerance));

/**
 * What a definition says of processors and memory where that is not what it was written with; undefined when nobody has edited
 * it. `alsoCpus` are other numbers of processors that Innkeeper may have written for this specification itself.
 */
export const editedSince = (
  written: WorkloadSpec,
  defined: DefinedAmounts,
  alsoCpus: readonly number[] = [],
): GuestObservation['edited'] => {
  // Of another version, whose images this one does not know.
  if (findImage(written.image) === undefined) return undefined;
  const spec = completeSpec(written);
  const cpus = other(defined.cpus, [spec.cpus, ...alsoCpus], roundedCpus);
  const memoryBytes = other(defined.memoryBytes, [spec.memoryBytes], roundedBytes);
  if (cpus === undefined && memoryBytes === undefined) return undefined;
  return { ...(cpus === undefined ? {} : { cpus }), ...(memoryBytes === undefined ? {} : { memoryBytes }) };
};
