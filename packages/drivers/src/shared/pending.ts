import type { DomainDescription } from '@innkeeper/libvirt';
import { type SpecField, sameJson } from '@innkeeper/model';

/** What of a definition is a field of the specification. A container's processors are its share of time. */
const fields = {
  cpus: ({ tuning, vcpus }: DomainDescription) => tuning.quotaCpus ?? vcpus,
  memory: ({ hardLimitBytes, memoryBytes }: DomainDescription) => hardLimitBytes ?? memoryBytes,
  cpuWeight: ({ tuning }: DomainDescription) => tuning.shares,
  networks: ({ interfaces }: DomainDescription) =>
    interfaces
      .map(({ mac, network, bandwidth: { inbound, outbound } = { inbound: 0, outbound: 0 } }) =>
        [mac, network, inbound ?? 0, outbound ?? 0].join(' '),
      )
      .sort(),
  volumes: ({ disks, filesystems }: DomainDescription) =>
    [...disks.map(({ source }) => source), ...filesystems.map(({ source, target }) => `${source} ${target}`)]
      .filter((source) => source?.includes('/volumes/'))
      .sort(),
  // One for each processor that there is or may be, whose number is no matter of pinning.
  cpuPinning: ({ tuning }: DomainDescription) => [...new Set(tuning.pinning)],
} as const satisfies Partial<Record<SpecField, (description: DomainDescription) => unknown>>;

export type TunedField = keyof typeof fields;

export const cpusOf = fields.cpus;
export const memoryOf = (description: DomainDescription): number => fields.memory(description) ?? 0;

/** The fields in which two definitions differ. */
export const differingFields = (a: DomainDescription, b: DomainDescription): TunedField[] =>
  (Object.keys(fields) as TunedField[]).filter(
    (field) => !sameJson(fields[field](a) ?? null, fields[field](b) ?? null),
  );
