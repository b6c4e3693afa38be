import type { HostRow, WorkloadRow } from '@innkeeper/inventory';
import { completeSpec, type DrainPlan } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { isSilent, readAll } from '../views.ts';
import { noSuchHost } from './remove.ts';

type Named = Pick<WorkloadRow, 'name' | 'spec'>;

/**
 * Names in the order in which they are stopped: those that nobody depends on first, all of a wave at once. Those that depend on each
 * other in a circle go together, at the end.
 */
export const drainWaves = (running: readonly Named[]): string[][] => {
  const waves: string[][] = [];
  let left = [...running].sort((a, b) => (a.name < b.name ? -1 : 1));
  while (left.length > 0) {
    const needed = new Set(left.flatMap(({ spec }) => completeSpec(spec).dependsOn.map(({ workload }) => workload)));
    const free = left.filter(({ name }) => !needed.has(name));
    const wave = free.length === 0 ? left : free;
    waves.push(wave.map(({ name }) => name));
    left = left.filter((one) => !wave.includes(one));
  }
  return waves;
};

const wordOf = (host: HostRow): string => (host.state === 'up' ? 'is quarantined' : 'does not answer');

/** What stopping everything on a host would be, and what stands in the way. Throws `not_found`. */
export const drainPlanOf = async (control: Control, name: string): Promise<DrainPlan> => {
  const { rows, hosts, guests, unfinished } = await readAll(control);
  const host = hosts.find((one) => one.name === name);
  if (host === undefined) throw noSuchHost(name);
  const there = rows.filter(({ placed }) => placed?.host === name);
  if (isSilent(host) || host.confirmedDeadAt !== null)
    return {
      host: name,
      waves: [],
      obstacles: there.map(({ name: workload }) => ({
        workload,
        text: `${name} ${wordOf(host)}: what it does is not known`,
      })),
    };
  const busy = new Map(unfinished.map(({ workloadId, kind }) => [workloadId, kind]));
  const runs = ({ id }: WorkloadRow): boolean =>
    guests.some(({ uuid, host: on, observation }) => uuid === id && on === name && observation.state !== 'stopped');
  return {
    host: name,
    waves: drainWaves(there.filter((one) => runs(one) && !busy.has(one.id))),
    obstacles: there.flatMap(({ id, name: workload }) => {
      const kind = busy.get(id);
      return kind === undefined ? [] : [{ workload, text: `its ${kind} is not finished: ask again when it is` }];
    }),
  };
};
