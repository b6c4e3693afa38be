import { createHash } from 'node:crypto';
import { invalidInput, type WorkloadSpec } from '@innkeeper/model';
import { Cron } from 'croner';

/** Whoever has a hundred workloads with `@daily` does not want a hundred copies at midnight. */
const longestDelayMs = 5 * 60_000;

const cronOf = (schedule: string): Cron => new Cron(schedule, { paused: true });

const checkOne = (schedule: string, path: string): void => {
  let next: Date | null;
  try {
    next = cronOf(schedule).nextRun();
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
    throw invalidInput([{ path, message: `"${schedule}" is no cron pattern: ${why}` }]);
  }
  if (next === null) throw invalidInput([{ path, message: `"${schedule}" names a moment that never comes` }]);
};

/** Throws `invalid` for a schedule of snapshots or backups that is none, or that never comes. */
export const checkSchedule = (name: string, spec: Pick<WorkloadSpec, 'snapshots' | 'backups'>): void => {
  for (const of of ['snapshots', 'backups'] as const)
    if (spec[of] !== undefined) checkOne(spec[of].schedule, `workloads.${name}.${of}.schedule`);
};

/** A moment of a schedule, and when what is due then is done: later by a part of the time between two, each workload by another. */
export interface Slot {
  readonly at: Date;
  readonly due: Date;
}

/** Moments are of the time zone of this machine. */
const slotAt = (cron: Cron, id: string, at: Date): Slot => {
  const gapMs = (cron.nextRun(at)?.getTime() ?? at.getTime()) - at.getTime();
  const most = Math.min(longestDelayMs, gapMs / 10);
  const share = createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32;
  return { at, due: new Date(at.getTime() + Math.floor(share * most)) };
};

/**
 * The newest moment that is due, and the one that comes next. Of many that were missed, while nothing ran, the newest alone is
 * made up for; none before `since`.
 */
export const slotsOf = (
  schedule: string,
  id: string,
  { since, now }: { readonly since: Date; readonly now: Date },
): { readonly due: Slot | undefined; readonly next: Slot | undefined } => {
  const cron = cronOf(schedule);
  const before = cron.previousRuns(2, new Date(now.getTime() + 1)).map((at) => slotAt(cron, id, at));
  const due = before.find((one) => one.due <= now && one.at > since);
  const coming = before.find((one) => one.due > now);
  const next = cron.nextRun(now);
  return { due, next: coming ?? (next === null ? undefined : slotAt(cron, id, next)) };
};
