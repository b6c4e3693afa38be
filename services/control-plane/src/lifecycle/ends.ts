import type { Driver } from '@innkeeper/driver-contract';
import { recordEnd } from '@innkeeper/inventory';
import type { GuestEnding, GuestObservation } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { wellAfterMs } from './back-off.ts';

/** A guest whose end was seen, or found. */
export interface EndedGuest {
  readonly uuid: string;
  readonly name: string;
  /** When it had started, in milliseconds since 1970, as far as somebody saw. */
  readonly startedAtMs?: number | undefined;
}

/** What two readings of a host's guests tell of those of one installation. */
export interface Turns {
  /** They were not stopped and are now. */
  readonly ended: readonly EndedGuest[];
  /** UUIDs of those that did not run and do now. */
  readonly begun: readonly string[];
}

export const turnsOf = (
  before: ReadonlyMap<string, GuestObservation>,
  seen: readonly GuestObservation[],
  installation: string,
): Turns => {
  const turned = seen.filter((now) => {
    const was = before.get(now.uuid);
    return was !== undefined && was.state !== now.state && now.ownership?.installation === installation;
  });
  return {
    ended: turned
      .filter(({ state }) => state === 'stopped')
      .map(({ uuid, name }) => ({ uuid, name, startedAtMs: before.get(uuid)?.startedAtMs })),
    begun: turned.filter(({ state }) => state === 'running').map(({ uuid }) => uuid),
  };
};

export const ranLong = (startedAtMs: number | undefined, nowMs: number): boolean =>
  startedAtMs !== undefined && nowMs - startedAtMs >= wellAfterMs;

const unknown: GuestEnding = { kind: 'unknown', text: 'its host does not tell how' };

/** One question for all of them; a backend that cannot tell, or does not answer, leaves it unknown. */
const endingsOf = async (
  control: Control,
  driver: Driver,
  guests: readonly EndedGuest[],
): Promise<ReadonlyMap<string, GuestEnding>> => {
  try {
    return (await driver.endings?.(guests)) ?? new Map();
  } catch (error) {
    control.log.warn({ err: error }, 'how guests ended could not be read');
    return new Map();
  }
};

/**
 * Keeps that guests have ended, and how. Before the reading itself is kept: whoever is killed in between leaves the turn
 * to be seen again.
 */
export const keepEnds = async (control: Control, driver: Driver, ended: readonly EndedGuest[]): Promise<void> => {
  if (ended.length === 0) return;
  const endings = await endingsOf(control, driver, ended);
  for (const { uuid, startedAtMs } of ended) {
    const ending = endings.get(uuid) ?? unknown;
    await recordEnd(control.inventory.db, { id: uuid, ending, ranLong: ranLong(startedAtMs, Date.now()) });
  }
};
