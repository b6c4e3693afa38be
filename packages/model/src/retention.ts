import { z } from 'zod';
import { inTimeZone } from './calendar.ts';

/** In the order in which they are looked at. */
export const retentionTiers = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type RetentionTier = (typeof retentionTiers)[number];

/** How many of each tier are kept. Nothing said, or only zeros, keeps all. */
export type Retention = Readonly<Partial<Record<RetentionTier, number | undefined>>>;

/** Something that was made at a moment, such as a snapshot. */
export interface Dated {
  readonly at: Date;
}

/** What becomes of one: the tier that keeps it, or `undefined` when it goes. */
export interface Retained<T> {
  readonly item: T;
  readonly keptBy: RetentionTier | 'all' | undefined;
}

const pad = (value: number): string => String(value).padStart(2, '0');

/** The period that a moment is in, as a name that no other period of the same tier has. */
const periodOf = (tier: Exclude<RetentionTier, 'last'>, at: Date, timeZone: string): string => {
  const { year, month, day, hour, week, weekYear, offset } = inTimeZone(at, timeZone);
  const date = `${year}-${pad(month)}-${pad(day)}`;
  switch (tier) {
    case 'hourly':
      // Where clocks are set back, an hour is there twice.
      return `${date} ${pad(hour)} ${offset}`;
    case 'daily':
      return date;
    case 'weekly':
      return `${weekYear}-W${pad(week)}`;
    case 'monthly':
      return `${year}-${pad(month)}`;
    case 'yearly':
      return `${year}`;
  }
};

/**
 * Which of these are kept, in the order they are given in. The rule is that of Proxmox Backup Server ("Pruning" in its
 * documentation): tiers are looked at in their order; each keeps the newest of each of its periods, as many periods as it says,
 * periods without any not counted; periods of which an earlier tier keeps one already are left to it and do not count either; of
 * others in a period that is kept, all but the newest go. So each tier goes on where the one before it ends. `last` counts single
 * ones. Weeks are those of ISO 8601. Of two of the same moment the one that is given later is the newer.
 * @param timeZone of hours, days and years, as IANA calls it
 */
export const retain = <T extends Dated>(
  items: readonly T[],
  keep: Retention,
  timeZone = 'UTC',
): readonly Retained<T>[] => {
  if (retentionTiers.every((tier) => (keep[tier] ?? 0) === 0)) return items.map((item) => ({ item, keptBy: 'all' }));
  const newestFirst = items
    .map((item, index) => ({ item, index }))
    .sort((a, b) => b.item.at.getTime() - a.item.at.getTime() || b.index - a.index);
  const fate = new Map<number, RetentionTier | 'gone'>();
  for (const tier of retentionTiers) {
    const count = keep[tier] ?? 0;
    if (count === 0) continue;
    const nameOf = ({ item, index }: (typeof newestFirst)[number]): string =>
      tier === 'last' ? String(index) : periodOf(tier, item.at, timeZone);
    const covered = new Set(
      newestFirst.filter(({ index }) => (fate.get(index) ?? 'gone') !== 'gone').map((one) => nameOf(one)),
    );
    const taken = new Set<string>();
    for (const one of newestFirst) {
      if (fate.has(one.index)) continue;
      const name = nameOf(one);
      if (covered.has(name)) continue;
      if (taken.has(name)) {
        fate.set(one.index, 'gone');
        continue;
      }
      if (taken.size >= count) break;
      taken.add(name);
      fate.set(one.index, tier);
    }
  }
  return items.map((item, index) => {
    const end = fate.get(index);
    return { item, keptBy: end === 'gone' ? undefined : end };
  });
};

const mostKept = 10_000;

/** Reads `last=3,daily=7,weekly=4`; undefined for anything else. */
export const parseRetention = (text: string): Retention | undefined => {
  const keep: Partial<Record<RetentionTier, number>> = {};
  for (const part of text.split(',')) {
    const match = /^\s*([a-z]+)\s*=\s*(\d{1,5})\s*$/.exec(part);
    const tier = retentionTiers.find((one) => one === match?.[1]);
    const count = Number(match?.[2]);
    if (tier === undefined || tier in keep || count > mostKept) return undefined;
    keep[tier] = count;
  }
  return keep;
};

/** What a retention would leave of the snapshots that there are. */
export const retentionView = z
  .object({
    keep: z.partialRecord(z.enum(retentionTiers), z.number()),
    timeZone: z.string().meta({ description: 'Of hours, days and years' }),
    items: z.array(
      z.object({
        name: z.string(),
        createdAt: z.iso.datetime(),
        keptBy: z
          .enum([...retentionTiers, 'all'])
          .optional()
          .meta({ description: 'Missing for one that would go' }),
      }),
    ),
  })
  .meta({ id: 'Retention' });
export type RetentionView = z.output<typeof retentionView>;
