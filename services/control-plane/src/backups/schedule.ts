import { randomUUID } from 'node:crypto';
import {
  type BackupRow,
  type Db,
  findByIdempotencyKey,
  isBehind,
  listBackups,
  listScheduled,
  lockWorkload,
  unfinishedOf,
  type WorkloadRow,
} from '@innkeeper/inventory';
import { isScheduledBackup, retain, scheduledBackupNameAt, scheduledNameAt } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { lookAgainAndAgain } from '../lifecycle/again.ts';
import { beginOwn } from '../operations/own.ts';
import { type Slot, slotsOf } from '../snapshots/slots.ts';
import { dropBackup } from './remove.ts';
import { chooseTarget } from './targets.ts';

/** Its key makes it one, whoever asks. */
const make = async (tx: Db, row: WorkloadRow, { at }: Slot, target: string): Promise<void> => {
  const idempotencyKey = `backup:${row.id}:${at.toISOString()}`;
  if ((await findByIdempotencyKey(tx, idempotencyKey)) !== undefined) return;
  const name = scheduledBackupNameAt(row.name, at);
  await beginOwn(tx, row, {
    kind: 'backup',
    memory: { id: randomUUID(), name, target },
    idempotencyKey,
    why: 'backups: schedule',
    audit: { after: { backup: name } },
  });
};

/** Those of the schedule alone: more than are to be kept, of which the newest always stays, and what could not be removed before. */
const surplusOf = ({ spec }: WorkloadRow, held: readonly BackupRow[]): BackupRow[] => {
  const scheduled = held.filter(({ name }) => isScheduledBackup(name));
  const own = scheduled.filter(({ state }) => state === 'ready');
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const left = scheduled.filter(({ state }) => state === 'removing');
  const surplus = retain(
    own.map((row) => ({ row, at: row.createdAt })),
    spec.backups?.keep ?? {},
    timeZone,
  ).flatMap(({ item, keptBy }) => (keptBy === undefined ? [item.row] : []));
  return [...left, ...surplus];
};

/** What there is to do for a workload, and how many milliseconds there are until its next moment, when one is known. */
const dueOf = (row: WorkloadRow, held: readonly BackupRow[], now: Date) => {
  if (row.spec.backups === undefined) return { due: undefined, surplus: [], nextMs: undefined };
  // At another part of the time between two moments than its snapshots.
  const { due, next } = slotsOf(row.spec.backups.schedule, `backup ${row.id}`, { since: row.createdAt, now });
  const isHeld = due !== undefined && held.some(({ name }) => name.endsWith(`-${scheduledNameAt(due.at)}`));
  return {
    due: isHeld ? undefined : due,
    surplus: surplusOf(row, held),
    nextMs: next === undefined ? undefined : next.due.getTime() - now.getTime(),
  };
};

/** Looked at again under its lock: several processes may come to the same. */
const makeDue = async (control: Control, { name, spec }: WorkloadRow, now: Date): Promise<void> => {
  const { name: target } = await chooseTarget(control, spec.backups?.to);
  await control.inventory.transaction(async (tx) => {
    const row = await lockWorkload(tx, name);
    if (row?.state !== 'ready') return;
    // What people do goes first; the next look finds what is due still.
    if ((await unfinishedOf(tx, row.id)).length > 0) return;
    const { due } = dueOf(row, await listBackups(tx, { workloadId: row.id }), now);
    if (due !== undefined) await make(tx, row, due, target);
  });
};

const tendOne = async (control: Control, row: WorkloadRow, now: Date): Promise<number | undefined> => {
  const { due, surplus, nextMs } = dueOf(row, await listBackups(control.inventory.db, { workloadId: row.id }), now);
  try {
    if (due !== undefined) await makeDue(control, row, now);
    for (const { id } of surplus) await dropBackup(control, id);
  } catch (error) {
    // A target that is away keeps nobody else's from being made.
    control.log.warn({ workload: row.name, err: error }, 'backups on a schedule could not be tended');
  }
  return nextMs;
};

/** Asks for backups that are due, and gives up those that are more than are to be kept. Each moment is tried once. */
const tendBackups = async (control: Control): Promise<number | undefined> => {
  const { db } = control.inventory;
  if (await isBehind(db)) return undefined;
  const now = new Date();
  let soonest: number | undefined;
  for (const row of await listScheduled(db, 'backups')) {
    const nextMs = await tendOne(control, row, now);
    if (nextMs !== undefined) soonest = Math.min(soonest ?? nextMs, nextMs);
  }
  return soonest;
};

/** {@link tendBackups}, whenever one is due, until the signal fires. */
export const followBackups = (control: Control, signal: AbortSignal): void =>
  void lookAgainAndAgain(control, signal, 'backups on a schedule could not be looked at', () => tendBackups(control));
