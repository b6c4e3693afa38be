import { findWorkloads, listBackups, listSnapshots } from '@innkeeper/inventory';
import {
  InnkeeperError,
  isScheduledBackup,
  isScheduledName,
  parseRetention,
  type Retention,
  type RetentionView,
  retain,
  retentionTiers,
} from '@innkeeper/model';
import { notFound } from '../asker.ts';
import type { Control } from '../control.ts';

const example = 'such as last=3,daily=7,weekly=4';

const keepOf = (text: string | undefined, own: Retention | undefined, workload: string): Retention => {
  if (text === undefined) {
    if (own !== undefined) return own;
    throw new InnkeeperError(
      'invalid',
      `keep: the manifest of ${workload} says nothing of it; say what is to be kept, ${example}`,
    );
  }
  const keep = parseRetention(text);
  if (keep !== undefined) return keep;
  throw new InnkeeperError(
    'invalid',
    `keep: "${text.slice(0, 80)}" must be numbers of ${retentionTiers.join(', ')}, each once, ${example}`,
  );
};

interface Kept {
  readonly name: string;
  readonly createdAt: Date;
}

const viewOf = (kept: readonly Kept[], keep: Retention): RetentionView => {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const items = retain(
    kept.map(({ name, createdAt }) => ({ name, at: createdAt })),
    keep,
    timeZone,
  );
  return {
    keep: Object.fromEntries(Object.entries(keep).filter(([, count]) => count !== undefined)),
    timeZone,
    items: items.map(({ item, keptBy }) => ({
      name: item.name,
      createdAt: item.at.toISOString(),
      ...(keptBy === undefined ? {} : { keptBy }),
    })),
  };
};

/**
 * What would be kept of a workload's snapshots, or backups, and what would go; nothing is done. By what is asked for, or by its manifest,
 * in the time zone of this machine. Those that are not whole are not counted, nor, by the manifest, those that somebody made.
 */
export const retentionPlan = async (
  { inventory }: Control,
  of: 'snapshots' | 'backups',
  ref: string,
  text: string | undefined,
): Promise<RetentionView> => {
  const [workload] = await findWorkloads(inventory.db, [ref]);
  if (workload === undefined) throw notFound(ref.slice(0, 80));
  const keep = keepOf(text, workload.spec[of]?.keep, workload.name);
  const [rows, isScheduled] =
    of === 'snapshots'
      ? [await listSnapshots(inventory.db, [workload.id]), isScheduledName]
      : [await listBackups(inventory.db, { workloadId: workload.id }), isScheduledBackup];
  return viewOf(
    rows.filter(({ state, name }) => state === 'ready' && (text !== undefined || isScheduled(name))),
    keep,
  );
};
