import { type CheckResult, diskAsked, formatSize } from '@innkeeper/model';
import type { HostSnapshot, PlacementRequest } from '../snapshot.ts';
import { failed, failedForNow, passed } from './check.ts';
import { freeBytesFor } from './pools.ts';

interface Amount {
  readonly check: string;
  readonly what: string;
  readonly need: number;
  /** What is left to promise. */
  readonly have: number;
  /** What there would be without any guest; more than that never fits. */
  readonly most: number;
  readonly format: (amount: number) => string;
}

const inMebibytes = (bytes: number): string => {
  const mebibytes = bytes / 2 ** 20;
  return Number.isInteger(mebibytes) ? `${mebibytes}MiB` : `${bytes}B`;
};

const compare = (amount: Amount, host: string): CheckResult => {
  const { check, what, need, have, most, format } = amount;
  const ok = need <= have;
  // Rounded alike they would read as "needs 1GiB, has 1GiB".
  if (!ok && format === formatSize && format(need) === format(need <= most ? have : most))
    return compare({ ...amount, format: inMebibytes }, host);
  const shown = { have: format(have) };
  if (ok) return passed(check, format(need), { ...shown, text: `${format(need)} of ${format(have)} free ${what}` });
  const needs = check === 'cpus' ? `it needs ${format(need)} ${what}` : `it needs ${format(need)} of ${what}`;
  const code = `not_enough_${check}`;
  if (need <= most)
    return failedForNow(check, format(need), code, { ...shown, text: `${needs}; ${host} has ${format(have)} free` });
  const text = `${needs}; ${host} can promise ${format(most)} at most`;
  return failed(check, format(need), code, { have: format(most), text });
};

/** What may be promised in all: capacity times its ratio, without what the host keeps for itself. */
const promised = (total: number, ratio: number, reserved: number): number => Math.max(0, total * ratio - reserved);

const round = (amount: number): string => String(Math.round(amount * 100) / 100);

const checkCpus = (host: HostSnapshot, { spec }: PlacementRequest): CheckResult => {
  // More than the host has can never run at once, whatever the ratio promises.
  if (spec.cpus > host.cpus) {
    const text = `it needs ${spec.cpus} processors; ${host.name} has ${host.cpus}`;
    return failed('cpus', String(spec.cpus), 'not_enough_cpus', { have: String(host.cpus), text });
  }
  const most = promised(host.cpus, host.cpuRatio, host.reserved.cpus);
  const have = Math.max(0, most - host.claimed.cpus - host.foreign.cpus);
  return compare({ check: 'cpus', what: 'processors', need: spec.cpus, have, most, format: round }, host.name);
};

const checkMemory = (host: HostSnapshot, { spec }: PlacementRequest): CheckResult => {
  const most = Math.floor(promised(host.memoryBytes, host.memoryRatio, host.reserved.memoryBytes));
  const have = Math.max(0, most - host.claimed.memoryBytes - host.foreign.memoryBytes);
  return compare(
    { check: 'memory', what: 'memory', need: spec.memoryBytes, have, most, format: formatSize },
    host.name,
  );
};

/** Disks are thin, so free space is compared with a tenth of what the disk may grow to, at least 1 GiB. */
const checkDisk = (host: HostSnapshot, request: PlacementRequest): CheckResult[] => {
  const { spec } = request;
  const asked = diskAsked(spec);
  const need = Math.min(asked, Math.max(2 ** 30, asked / 10));
  const have = freeBytesFor(host, request);
  // Of a pool that is missing or away that is said.
  if (have === undefined) return [];
  const what = spec.pool === undefined ? 'disk space' : `disk space in the pool ${spec.pool}`;
  const amount = { check: 'disk', what, need, have, format: formatSize };
  // How large the disk is without guests is not known; somebody can always free some of it.
  return [compare({ ...amount, most: Number.POSITIVE_INFINITY }, host.name)];
};

export const capacityChecks = (host: HostSnapshot, request: PlacementRequest): CheckResult[] => [
  checkCpus(host, request),
  checkMemory(host, request),
  ...checkDisk(host, request),
];
