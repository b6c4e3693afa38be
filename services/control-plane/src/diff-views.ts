import { inScope, projectOf, type WorkloadDiff } from '@innkeeper/model';
import { notFound } from './asker.ts';
import type { Control } from './control.ts';
import { differencesOf } from './diff.ts';
import { type Eyes, isSilent, readAll, stateOf } from './views.ts';

/** What was asked against what there is, of every workload or of one. Throws `not_found` for a name that no workload has. */
export const diffViews = async (control: Control, { scope }: Eyes, name?: string): Promise<WorkloadDiff[]> => {
  const { rows, hosts, guests, unfinished } = await readAll(control);
  const seen = rows.filter(({ spec }) => inScope(scope, projectOf(spec)));
  const wanted = seen.filter((row) => name === undefined || row.name === name);
  if (name !== undefined && wanted.length === 0) throw notFound(name);
  return wanted.map((row) => {
    const host = hosts.find((one) => one.name === row.placed?.host);
    const guest = guests.find(({ uuid, host: on }) => uuid === row.id && on === row.placed?.host);
    const operation = unfinished.find(({ workloadId }) => workloadId === row.id);
    const known = row.state === 'ready' && operation === undefined && !isSilent(host);
    return {
      name: row.name,
      ...(row.placed === null ? {} : { host: row.placed.host }),
      state: stateOf(row, host, guest, operation?.state === 'waiting'),
      known,
      differences: known ? differencesOf(row, guest) : [],
    };
  });
};
