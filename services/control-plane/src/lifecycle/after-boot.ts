import {
  isBehind,
  listGuests,
  listHosts,
  listWorkloads,
  lockWorkload,
  unfinishedOf,
  type WorkloadRow,
} from '@innkeeper/inventory';
import { completeSpec, readyWithinMs } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { beginOwn } from '../operations/own.ts';
import { readinessOf } from '../readiness/state.ts';

type Named = Pick<WorkloadRow, 'name' | 'spec'>;

const dependenciesOf = ({ spec }: Named): readonly string[] =>
  completeSpec(spec).dependsOn.map(({ workload }) => workload);

/** Workloads that are started before this one after a boot: its dependencies, but for those that depend on it as well. */
export const startedBefore = <T extends Named>(workload: T, all: readonly T[]): readonly T[] => {
  const byName = new Map(all.map((one) => [one.name, one]));
  const reaches = (from: T, seen: Set<string>): boolean =>
    dependenciesOf(from).some((name) => {
      if (name === workload.name) return true;
      const next = byName.get(name);
      if (next === undefined || seen.has(name)) return false;
      return reaches(next, seen.add(name));
    });
  return dependenciesOf(workload).flatMap((name) => {
    const one = byName.get(name);
    return one === undefined || one.name === workload.name || reaches(one, new Set([name])) ? [] : [one];
  });
};

/**
 * Of those, the ones that are being started still, or are to be ready and have time left for it. One that is not to run,
 * whose start has failed, or that is not ready in its time, holds nobody up: its dependents come up without it.
 */
export const stillStarting = async ({ inventory }: Control, workload: WorkloadRow): Promise<readonly string[]> => {
  if (dependenciesOf(workload).length === 0) return [];
  const before = startedBefore(workload, await listWorkloads(inventory.db));
  const untilReady = completeSpec(workload.spec).dependsOn.filter(({ until }) => until === 'ready');
  const guests = untilReady.length === 0 ? [] : await listGuests(inventory.db);
  const isComing = (one: WorkloadRow): boolean => {
    const guest = guests.find(({ uuid, host }) => uuid === one.id && host === one.placed?.host);
    const startedAtMs = guest?.observation.startedAtMs ?? 0;
    return readinessOf(one, guest)?.ready === false && Date.now() - startedAtMs < readyWithinMs(one.spec.readiness);
  };
  const held: string[] = [];
  for (const one of before) {
    const starts = (await unfinishedOf(inventory.db, one.id)).length > 0;
    if (starts || (untilReady.some((other) => other.workload === one.name) && isComing(one))) held.push(one.name);
  }
  return held;
};

/**
 * After its host's reboot a workload that should run is started again, after those that it depends on.
 * One that was stopped from outside during the same boot is not: that is shown as drift, never fought over.
 */
export const startAfterBoot = async (control: Control): Promise<void> => {
  const { db } = control.inventory;
  if (await isBehind(db)) return;
  // What was said to be dead is looked at by somebody before anything is started there.
  const hosts = (await listHosts(db)).filter(({ confirmedDeadAt }) => confirmedDeadAt === null);
  const boots = new Map(hosts.map(({ name, machine }) => [name, machine?.bootId]));
  const due = (await listWorkloads(db)).filter(({ spec, state, placed, startedInBoot }) => {
    const { power, autostart } = completeSpec(spec);
    if (state !== 'ready' || placed === null || power !== 'running' || !autostart) return false;
    const bootId = boots.get(placed.host);
    return bootId !== undefined && startedInBoot !== null && startedInBoot !== bootId;
  });
  if (due.length === 0) return;
  // All at once: each finds in the others' operations for whom it has to wait.
  await control.inventory.transaction(async (tx) => {
    for (const { id, name, startedInBoot } of due) {
      // Several processes may come to the same, one of them first.
      const row = await lockWorkload(tx, name);
      if (row?.id !== id || row.startedInBoot !== startedInBoot) continue;
      if ((await unfinishedOf(tx, id)).length > 0) continue;
      await beginOwn(tx, row, { kind: 'start', why: 'its host was rebooted', memory: { afterBoot: true } });
    }
  });
};
