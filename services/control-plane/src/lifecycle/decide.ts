import type { CompleteSpec, GuestEnding, GuestState, WorkloadSpec } from '@innkeeper/model';
import { pauseBefore } from './back-off.ts';

/** What is known of a workload that may end, or be started again, by itself. */
export interface Life {
  readonly spec: Pick<CompleteSpec, 'power' | 'restart' | 'ephemeral' | 'protect' | 'ttlMs'>;
  /** As the user wrote it. */
  readonly ttl: string | undefined;
  readonly createdAt: Date;
  /** Made completely, and not being removed. */
  readonly ready: boolean;
  /** Undefined where it was not seen, or its host does not answer. */
  readonly guest: GuestState | undefined;
  /** Whether it was started since its host's last boot; after a boot others decide. */
  readonly startedInThisBoot: boolean;
  /** Whether an operation of it is unfinished, and whether one of them removes it. */
  readonly busy: boolean;
  readonly leaving: boolean;
  readonly endedAt: Date | null;
  readonly ending: GuestEnding | null;
  readonly restartStreak: number;
  readonly nextRestartAt: Date | null;
  /** The reason for which it was kept, as it was told last. */
  readonly keptFrom: string | null;
}

/** `why` is a phrase that follows "removed, since" and stands in the brackets of `innkeeper (…)`. */
export type Decision =
  | { readonly do: 'remove' | 'keep'; readonly event: 'workload.expired' | 'workload.ended'; readonly why: string }
  /** Its guest has ended and nobody saw it: how has to be asked. */
  | { readonly do: 'learn' }
  /** It runs again, or its host was rebooted: what was to follow from its end does not. */
  | { readonly do: 'forget' }
  | { readonly do: 'schedule'; readonly afterMs: number; readonly why: string }
  | { readonly do: 'start'; readonly why: string };

/** Whether a workload's manifest asks for anything that is decided here. */
export const endsOrReturns = ({ restart, ephemeral, ttl }: WorkloadSpec): boolean =>
  ttl !== undefined || ephemeral === true || (restart !== undefined && restart !== 'never');

/** When its ttl is over: it counts from the creation, also when it was set or changed later. */
export const expiryOf = ({ spec, createdAt }: Pick<Life, 'spec' | 'createdAt'>): Date | undefined =>
  spec.ttlMs === undefined ? undefined : new Date(createdAt.getTime() + spec.ttlMs);

/** A protected one is kept, which is told once for each reason. */
const removal = (life: Life, event: 'workload.expired' | 'workload.ended', why: string): Decision[] => {
  if (!life.spec.protect) return [{ do: 'remove', event, why }];
  return life.keptFrom === why ? [] : [{ do: 'keep', event, why }];
};

const isDue = (at: Date | null | undefined, now: Date): boolean => at != null && at <= now;

const returns = ({ spec, ending }: Life): boolean =>
  spec.power === 'running' &&
  (spec.restart === 'always' || (spec.restart === 'on-failure' && ending?.kind === 'failed'));

/**
 * | guest   | end known | manifest                | what follows                     |
 * |---------|-----------|-------------------------|----------------------------------|
 * | running | yes       | –                       | forget it                        |
 * | stopped | no        | power: running          | learn how it ended               |
 * | stopped | no        | power: stopped          | nothing: it was never started    |
 * | stopped | yes       | ephemeral               | remove                           |
 * | stopped | yes       | restart says so         | a time is set; at it, a start    |
 * | stopped | yes       | otherwise               | nothing: shown as drift          |
 */
const afterItsEnd = (life: Life, now: Date): Decision[] => {
  const { spec, guest, endedAt, nextRestartAt } = life;
  if (!life.ready || life.busy) return [];
  if (guest === 'running') return endedAt === null && nextRestartAt === null ? [] : [{ do: 'forget' }];
  if (guest !== 'stopped') return [];
  if (!life.startedInThisBoot) return nextRestartAt === null ? [] : [{ do: 'forget' }];
  if (endedAt === null) return spec.power === 'running' ? [{ do: 'learn' }] : [];
  if (spec.ephemeral) return removal(life, 'workload.ended', 'it is ephemeral and has stopped');
  if (!returns(life)) return [];
  const why = `restart: ${spec.restart}`;
  if (nextRestartAt === null) return [{ do: 'schedule', afterMs: pauseBefore(life.restartStreak), why }];
  return isDue(nextRestartAt, now) ? [{ do: 'start', why }] : [];
};

/** What is to be done about a workload now, in this order. */
export const decideLife = (life: Life, now: Date): Decision[] => {
  if (life.leaving) return [];
  const expired = isDue(expiryOf(life), now) ? removal(life, 'workload.expired', `its ttl of ${life.ttl} is over`) : [];
  return expired[0]?.do === 'remove' ? expired : [...expired, ...afterItsEnd(life, now)];
};

/** Whether a decision would be wrong if the guest were running by now. */
export const restsOnGuest = (decision: Decision): boolean =>
  decision.do === 'learn' ||
  decision.do === 'start' ||
  (decision.do === 'remove' && decision.event === 'workload.ended');

/** When something will have to be done that time alone brings; undefined when nothing will. */
export const nextMoment = (life: Life, now: Date): Date | undefined => {
  const moments = [life.nextRestartAt, expiryOf(life)].filter((at): at is Date => at != null && at > now);
  return moments.sort((a, b) => a.getTime() - b.getTime())[0];
};
