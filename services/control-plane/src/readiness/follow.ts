import { type DueProbe, nextProbeMs, recordProbe, takeProbes } from '@innkeeper/inventory';
import { parseDuration, readyWithinMs } from '@innkeeper/model';
import { type Control, driverOf } from '../control.ts';
import { guestRefOf } from '../guest-ref.ts';
import { lookAgainAndAgain } from '../lifecycle/again.ts';
import { tellOf } from '../operations/outcome.ts';
import { type Answer, probe } from './probe.ts';

const usualEveryMs = 10_000;
/** While it is coming up somebody may wait for it. */
const soonMs = 1000;

const durationMs = (text: string | undefined, otherwise: number): number =>
  text === undefined ? otherwise : (parseDuration(text) ?? otherwise);

/** Ready, or long past its time: now and then. Coming up: often. */
export const nextAfter = (
  { spec, startedAtMs }: Pick<DueProbe, 'spec' | 'startedAtMs'>,
  ready: boolean,
  now: number,
) => {
  const everyMs = durationMs(spec.readiness?.every, usualEveryMs);
  const isComing = !ready && now - (startedAtMs ?? 0) < readyWithinMs(spec.readiness);
  return isComing ? Math.min(soonMs, everyMs) : everyMs;
};

const ask = async (control: Control, due: DueProbe): Promise<Answer> => {
  const { spec, placed, addresses } = due;
  const managed = control.hosts.get(placed.host);
  if (spec.readiness === undefined || managed === undefined) return 'its host is not connected';
  const driver = driverOf(control, placed.host, placed.driver);
  return probe(spec.readiness, { host: managed.host, driver, guest: guestRefOf(due), addresses });
};

/** True when it became ready: others may wait for that. */
const look = async (control: Control, due: DueProbe): Promise<boolean> => {
  const text = await ask(control, due);
  const ready = text === undefined;
  await recordProbe(control.inventory.db, { id: due.id, ready, text, nextMs: nextAfter(due, ready, Date.now()) });
  if (ready === due.ready) return false;
  const said = ready ? `${due.name} is ready` : `${due.name} is not ready any more: ${text}`;
  await tellOf(control, due, ready ? 'workload.ready' : 'workload.unready', said);
  return ready;
};

/** Probes what is due; answers in how many milliseconds the next is. */
const lookAtAll = async (control: Control): Promise<number | undefined> => {
  const { db } = control.inventory;
  const turned = await Promise.all((await takeProbes(db)).map((due) => look(control, due)));
  if (turned.includes(true)) control.wakeWaiting();
  return nextProbeMs(db);
};

/** Probes what is due, as often as it is needed. Returns how to ask for it. */
export const followReadiness = (control: Control, signal: AbortSignal): (() => void) =>
  lookAgainAndAgain(control, signal, 'readiness could not be looked at', () => lookAtAll(control));
