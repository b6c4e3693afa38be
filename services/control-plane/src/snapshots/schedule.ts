import { randomUUID } from 'node:crypto';
import {
  type Db,
  findByIdempotencyKey,
  isBehind,
  listScheduled,
  listSnapshots,
  lockWorkload,
  type SnapshotRow,
  unfinishedOf,
  type WorkloadRow,
} from '@innkeeper/inventory';
import { isScheduledName, retain, scheduledNameAt } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { lookAgainAndAgain } from '../lifecycle/again.ts';
import { beginOwn, type Own } from '../operations/own.ts';
import { type Slot, slotsOf } from './slots.ts';

/** Its key makes it one, whoever asks. */
const ask = async (
  tx: Db,
  row: WorkloadRow,
  asked: Pick<Own, 'kind' | 'idempotencyKey'> & { readonly memory: { readonly id: string; readonly name: string } },
): Promise<void> => {
  if (asked.idempotencyKey !== undefined && (await findByIdempotencyKey(tx, asked.idempotencyKey)) !== undefined)
    return;
  await beginOwn(tx, row, { ...asked, why: 'snapshots: schedule', audit: { after: { snapshot: asked.memory.name } } });
};

const make = (tx: Db, row: WorkloadRow, { at }: Slot): Promise<void> =>
  ask(tx, row, {
    kind: 'snapshot',
    memory: { id: randomUUID(), name: scheduledNameAt(at) },
    idempotencyKey: `snapshot:${row.id}:${at.toISOString()}`,
  });

const give = (tx: Db, row: WorkloadRow, { id, name }: SnapshotRow): Promise<void> =>
  ask(tx, row, { kind: 'remove-snapshot', memory: { id, name }, idempotencyKey: `remove-snapshot:${id}` });

/** Those of the schedule alone, and of these only what is whole; the newest always stays. */
const surplusOf = ({ spec }: WorkloadRow, held: readonly SnapshotRow[]): SnapshotRow[] => {
  const own = held.filter(({ name, state }) => state === 'ready' && isScheduledName(name));
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return retain(
    own.map((row) => ({ row, at: row.createdAt })),
    spec.snapshots?.keep ?? {},
    timeZone,
  ).flatMap(({ item, keptBy }) => (keptBy === undefined ? [item.row] : []));
};

/** What there is to do for a workload, and how many milliseconds there are until its next moment, when one is known. */
const dueOf = (row: WorkloadRow, held: readonly SnapshotRow[], now: Date) => {
  if (row.spec.snapshots === undefined) return { due: undefined, surplus: [], nextMs: undefined };
  const { due, next } = slotsOf(row.spec.snapshots.schedule, row.id, { since: row.createdAt, now });
  const isHeld = due !== undefined && held.some(({ name }) => name === scheduledNameAt(due.at));
  return {
    due: isHeld ? undefined : due,
    surplus: surplusOf(row, held),
    nextMs: next === undefined ? undefined : next.due.getTime() - now.getTime(),
  };
};

/** Looked at again under its lock: several processes may come to the same. */
const tendOne = (control: Control, { name }: WorkloadRow, now: Date): Promise<void> =>
  control.inventory.transaction(async (tx) => {
    const row = await lockWorkload(tx, name);
    if (row?.state !== 'ready') return;
    // What people do goes first; the next look finds what is due still.
    if ((await unfinishedOf(tx, row.id)).length > 0) return;
    const { due, surplus } = dueOf(row, await listSnapshots(tx, [row.id]), now);
    if (due !== undefined) await make(tx, row, due);
    for (const one of surplus) await give(tx, row, one);
  });

/**
 * Asks for snapshots that are due, and gives up those that are more than are to be kept. Each moment is tried once. Two statements
 * while nothing is due, however many have a schedule.
 */
const tendSchedules = async (control: Control): Promise<number | undefined> => {
  const { db } = control.inventory;
  if (await isBehind(db)) return undefined;
  const now = new Date();
  let soonest: number | undefined;
  const rows = await listScheduled(db, 'snapshots');
  const ids = rows.map(({ id }) => id);
  const held = await listSnapshots(db, ids);
  for (const row of rows) {
    const of = held.filter(({ workloadId }) => workloadId === row.id);
    const { due, surplus, nextMs } = dueOf(row, of, now);
    if (due !== undefined || surplus.length > 0) await tendOne(control, row, now);
    if (nextMs !== undefined) soonest = Math.min(soonest ?? nextMs, nextMs);
  }
  return soonest;
};

/** {@link tendSchedules}, whenever one is due, until the signal fires. */
export const followSchedules = (control: Control, signal: AbortSignal): void =>
  void lookAgainAndAgain(control, signal, 'snapshots on a schedule could not be looked at', () =>
    tendSchedules(control),
  );
