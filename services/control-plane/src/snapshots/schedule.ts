import { randomUUID } from 'node:crypto';
import {
  type Db,
  findByIdempotencyKey,
  insertAudit,
  insertOperation,
  isBehind,
  listScheduled,
  listSnapshots,
  lockWorkload,
  type NewOperation,
  type SnapshotRow,
  unfinishedOf,
  type WorkloadRow,
  wake,
} from '@innkeeper/inventory';
import { isScheduledName, retain, scheduledNameAt } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { lookAgainAndAgain } from '../lifecycle/again.ts';
import { type Slot, slotsOf } from './slots.ts';

const who = 'innkeeper (snapshots: schedule)';

type Asked = Pick<NewOperation, 'kind' | 'memory' | 'idempotencyKey'>;

/** An operation of Innkeeper's own, in the workload's turn; its key makes it one, whoever asks. */
const ask = async (tx: Db, { id, name }: WorkloadRow, asked: Asked): Promise<void> => {
  if (asked.idempotencyKey !== undefined && (await findByIdempotencyKey(tx, asked.idempotencyKey)) !== undefined)
    return;
  const operation = { ...asked, id: randomUUID(), workloadId: id, workloadName: name, who };
  const { project } = await insertOperation(tx, operation);
  await insertAudit(tx, {
    who: 'innkeeper',
    method: asked.kind,
    resourceKind: 'workload',
    resourceName: name,
    project,
    after: { snapshot: asked.memory?.name },
    operationId: operation.id,
    outcome: 'done',
    reason: 'its schedule of snapshots',
  });
  await wake(tx, id);
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

/** Milliseconds until the next is due; undefined when none is known. */
const tendOne = (control: Control, { name }: WorkloadRow, now: Date): Promise<number | undefined> =>
  control.inventory.transaction(async (tx) => {
    const row = await lockWorkload(tx, name);
    if (row?.spec.snapshots === undefined || row.state !== 'ready') return undefined;
    const { due, next } = slotsOf(row.spec.snapshots.schedule, row.id, { since: row.createdAt, now });
    const nextMs = next === undefined ? undefined : next.due.getTime() - now.getTime();
    // What people do goes first; the next look finds what is due still.
    if ((await unfinishedOf(tx, row.id)).length > 0) return nextMs;
    const held = await listSnapshots(tx, row.id);
    if (due !== undefined && !held.some((one) => one.name === scheduledNameAt(due.at))) await make(tx, row, due);
    for (const surplus of surplusOf(row, held)) await give(tx, row, surplus);
    return nextMs;
  });

/** Asks for snapshots that are due, and gives up those that are more than are to be kept. Each moment is tried once. */
const tendSchedules = async (control: Control): Promise<number | undefined> => {
  const { db } = control.inventory;
  if (await isBehind(db)) return undefined;
  const now = new Date();
  let soonest: number | undefined;
  for (const row of await listScheduled(db)) {
    const nextMs = await tendOne(control, row, now);
    if (nextMs !== undefined) soonest = Math.min(soonest ?? nextMs, nextMs);
  }
  return soonest;
};

/** {@link tendSchedules}, whenever one is due, until the signal fires. */
export const followSchedules = (control: Control, signal: AbortSignal): void =>
  void lookAgainAndAgain(control, signal, 'snapshots on a schedule could not be looked at', () =>
    tendSchedules(control),
  );
