import { el, type XmlElement } from '@innkeeper/libvirt';
import type { CompleteSpec, DriverReport } from '@innkeeper/model';

/** The scheduler's accounting period, in µs: the kernel's own default. */
export const cpuPeriod = 100_000;

const usualWeight = 100;

/**
 * libvirt hands `<shares>` on as it is: cpu.shares of v1 (1024 is usual) or cpu.weight of v2 (100 is usual, which is what
 * a specification says). [kernel documentation: cgroup-v1/cgroups, cgroup-v2] Always said, so that how a guest runs can
 * be compared with its definition.
 */
export const sharesOf = (
  { cpuWeight = usualWeight }: Pick<CompleteSpec, 'cpuWeight'>,
  { versions }: Pick<DriverReport, 'versions'>,
): number => (versions.cgroup === 'v2' ? cpuWeight : Math.max(2, Math.round((cpuWeight * 1024) / usualWeight)));

export const sharesElement = (shares: number | undefined): XmlElement[] =>
  shares === undefined ? [] : [el('shares', {}, shares)];

/** What a plan says of both, when they are asked for. */
export const tuningMapping = ({ cpuWeight, cpuPinning }: CompleteSpec): string[] => [
  ...(cpuWeight === undefined ? [] : [`cpuWeight ${cpuWeight}: its share of time where processors are short`]),
  ...(cpuPinning === undefined ? [] : [`cpuPinning ${cpuPinning}: runs on these processors of the host only`]),
];
