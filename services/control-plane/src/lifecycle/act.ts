import {
  cancelWaiting,
  type Db,
  forgetEnds,
  lockWorkload,
  markKept,
  scheduleRestart,
  takeRestart,
  unfinishedOf,
  type WorkloadRow,
} from '@innkeeper/inventory';
import { formatUptime, withoutSecrets } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { tellOf } from '../operations/outcome.ts';
import { beginOwn } from '../operations/own.ts';
import type { Decision } from './decide.ts';

type Removal = Extract<Decision, { do: 'remove' | 'keep' }>;
type Scheduling = Extract<Decision, { do: 'schedule' }>;

/** An operation of Innkeeper's own, unless the workload has changed since it was decided. False when there is none. */
const request = (
  control: Control,
  workload: WorkloadRow,
  kind: 'start' | 'remove',
  why: string,
  allowed: (busy: boolean, tx: Db) => Promise<boolean>,
): Promise<boolean> =>
  control.inventory.transaction(async (tx) => {
    const row = await lockWorkload(tx, workload.name);
    if (row?.id !== workload.id || row.generation !== workload.generation || row.state === 'removing') return false;
    const unfinished = await unfinishedOf(tx, row.id);
    if (unfinished.some((one) => one.kind === 'remove')) return false;
    if (!(await allowed(unfinished.length > 0, tx))) return false;
    if (kind === 'remove') await cancelWaiting(tx, row.id, `innkeeper (${why})`);
    // Starts follow from what somebody wanted; that something is gone has to be found in the audit log.
    await beginOwn(tx, row, {
      kind,
      why,
      ...(kind === 'remove' ? { audit: { before: withoutSecrets(row.spec) } } : {}),
    });
    return true;
  });

const remove = async (control: Control, workload: WorkloadRow, { event, why }: Removal): Promise<void> => {
  // The end of its time comes while something else is done about it too; that a guest is stopped may be somebody's work.
  const requested = await request(
    control,
    workload,
    'remove',
    why,
    async (busy) => event === 'workload.expired' || !busy,
  );
  if (requested) await tellOf(control, workload, event, `${workload.name} is removed, since ${why}`);
};

const keep = async (control: Control, workload: WorkloadRow, { why }: Removal): Promise<void> => {
  if (!(await markKept(control.inventory.db, workload.id, why))) return;
  await tellOf(control, workload, 'workload.kept', `${workload.name} is protected: it is kept although ${why}`);
};

const schedule = async (control: Control, workload: WorkloadRow, { afterMs, why }: Scheduling): Promise<void> => {
  const at = new Date(Date.now() + afterMs);
  if (!(await scheduleRestart(control.inventory.db, workload, at))) return;
  const { name, ending } = workload;
  const how = ending === null ? '' : ` (${ending.text})`;
  const text = `${name} has ended${how} and is started again in ${formatUptime(afterMs / 1000)} (${why})`;
  await tellOf(control, workload, 'workload.restarting', text);
};

const start = (control: Control, workload: WorkloadRow, why: string): Promise<boolean> =>
  request(control, workload, 'start', why, async (busy, tx) => !busy && (await takeRestart(tx, workload)));

/** Does what was decided about a workload. `learn` is not done here: it comes before decisions. */
export const carryOut = async (control: Control, workload: WorkloadRow, decision: Decision): Promise<void> => {
  switch (decision.do) {
    case 'remove':
      return remove(control, workload, decision);
    case 'keep':
      return keep(control, workload, decision);
    case 'schedule':
      return schedule(control, workload, decision);
    case 'start':
      return void (await start(control, workload, decision.why));
    case 'forget':
      return forgetEnds(control.inventory.db, [workload.id]);
    case 'learn':
      return;
    default:
      return decision satisfies never;
  }
};
