import { type Capability, type CheckResult, type DriverReport, defaultPool, type PoolReport } from '@innkeeper/model';
import type { HostSnapshot, PlacementRequest } from '../snapshot.ts';
import { failed, failedForNow, passed } from './check.ts';

/** The pool that a request is about, as a driver reports it. */
export const poolOf = ({ pools }: DriverReport, { spec }: PlacementRequest): PoolReport | undefined =>
  pools?.find(({ name }) => name === (spec.pool ?? defaultPool));

/** The bytes that are free where the request's workload would stand; undefined where that is not known. */
export const freeBytesFor = (host: HostSnapshot, request: PlacementRequest): number | undefined => {
  if (request.spec.pool === undefined) return host.diskFreeBytes;
  const reports = host.drivers.flatMap((driver) => poolOf(driver, request) ?? []);
  return reports.find(({ freeBytes }) => freeBytes !== undefined)?.freeBytes;
};

/** Whether the pool that a workload asks for is there. */
export const poolChecks = (host: HostSnapshot, driver: DriverReport, request: PlacementRequest): CheckResult[] => {
  const { pool: need } = request.spec;
  if (need === undefined || driver.pools === undefined) return [];
  const pool = poolOf(driver, request);
  if (pool === undefined) {
    const have = driver.pools.map(({ name }) => name).join(', ');
    return [failed('pool', need, 'pool_missing', { have, text: `${host.name} has no pool ${need}` })];
  }
  const { away } = pool;
  if (away !== undefined) {
    const text = `the pool ${need} of ${host.name} is away: ${away}`;
    return [failedForNow('pool', need, 'pool_away', { have: 'away', text })];
  }
  const have = pool.path;
  return [passed('pool', need, { have, text: `the pool ${need} of ${host.name} is ${have} (${pool.kind ?? 'full'})` })];
};

/** What limits the disk of a workload: its driver everywhere, or else the pool that it would stand in. */
export const diskLimit = (driver: DriverReport, request: PlacementRequest): Capability | undefined => {
  const own = driver.capabilities['limits.disk'];
  const limits = poolOf(driver, request)?.limits;
  if (own?.value === true || limits === undefined) return own;
  const name = request.spec.pool ?? defaultPool;
  const text = `the pool ${name} keeps no limits: ${limits.evidence}`;
  return limits.value ? limits : { ...limits, reasonIfAbsent: text };
};
