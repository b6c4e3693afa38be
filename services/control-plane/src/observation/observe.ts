import { readMachine } from '@innkeeper/host';
import {
  type Db,
  forgetEnds,
  forgetGuests,
  guestsOf,
  insertEvent,
  type NewEvent,
  readingBegins,
  recordDevices,
  recordReport,
  takeReading,
  upsertGuests,
} from '@innkeeper/inventory';
import { type GuestObservation, sameJson } from '@innkeeper/model';
import type { Control, ManagedHost } from '../control.ts';
import { keepEnds, turnsOf } from '../lifecycle/ends.ts';
import { takeBackLost } from '../recovery/by-itself.ts';

/** Reads what a host and its drivers can do. */
export const probeHost = async (
  control: Pick<Control, 'inventory' | 'config' | 'wakeWaiting'>,
  managed: ManagedHost,
): Promise<void> => {
  const machine = await readMachine(managed.host, control.config.paths.state);
  const drivers = await Promise.all([...managed.drivers.values()].map((driver) => driver.probe()));
  if (managed.gone.aborted) return;
  const { db } = control.inventory;
  await recordReport(db, managed.name, machine, drivers);
  await recordDevices(
    db,
    managed.name,
    drivers.flatMap(({ devices }) => devices ?? []),
  );
  control.wakeWaiting();
};

/** What others change of a guest without a change of its state; of ours, what they made another than Innkeeper did. */
const watchedOf = ({ ownership, edited, autostart, cpus, memoryBytes, addresses, devices }: GuestObservation) => ({
  autostart: autostart ?? false,
  definition: edited ?? null,
  ...(ownership === undefined ? { cpus, memory: memoryBytes, addresses, devices: devices ?? [] } : {}),
});

/** What to say of a guest that is as it was but for these fields; undefined when there is nothing to say. */
const changeOf = (seen: GuestObservation, before: GuestObservation): string | undefined => {
  const [now, then] = [watchedOf(seen), new Map(Object.entries(watchedOf(before)))];
  const fields = Object.entries(now).flatMap(([field, value]) => (sameJson(value, then.get(field)) ? [] : [field]));
  return fields.length === 0 ? undefined : `${seen.name} has another ${fields.join(' and ')} than before`;
};

/** What there is to say of a guest that was as `before` at the last look. */
const eventOf = (host: string, seen: GuestObservation, before: GuestObservation | undefined): NewEvent | undefined => {
  const subject = { kind: 'guest', id: seen.uuid, name: seen.name } as const;
  if (before === undefined)
    return { kind: 'guest.appeared', subject, text: `${seen.name} is on ${host} (${seen.state})` };
  if (before.state !== seen.state)
    return { kind: `guest.${seen.state}`, subject, text: `${seen.name} is ${seen.state} (was ${before.state})` };
  const text = changeOf(seen, before);
  return text === undefined ? undefined : { kind: 'guest.changed', subject, text };
};

const goneEvent = (host: string, { uuid, name }: GuestObservation): NewEvent => ({
  kind: 'guest.gone',
  subject: { kind: 'guest', id: uuid, name },
  text: `${name} is not on ${host} any more`,
});

type Seen = ReadonlyMap<string, GuestObservation>;

const keptOf = async (db: Db, host: string, driver: string): Promise<Seen> =>
  new Map((await guestsOf(db, host, driver)).map((observation) => [observation.uuid, observation]));

/** What changed since the last look, so that nothing happens silently. */
const eventsOf = (
  host: string,
  seen: readonly GuestObservation[],
  before: Seen,
  gone: readonly GuestObservation[],
): NewEvent[] => [
  ...seen.flatMap((guest) => eventOf(host, guest, before.get(guest.uuid)) ?? []),
  ...gone.map((guest) => goneEvent(host, guest)),
];

interface Reading {
  readonly driver: string;
  readonly begunAt: string;
  readonly seen: readonly GuestObservation[];
}

/** True when it brought something new. Others may read the same host: each change is told once, and the newest reading stays. */
const keep = (control: Control, host: string, { driver, begunAt, seen }: Reading): Promise<boolean> =>
  control.inventory.transaction(async (tx) => {
    if (!(await takeReading(tx, host, driver, begunAt))) return false;
    const before = await keptOf(tx, host, driver);
    const there = new Set(seen.map(({ uuid }) => uuid));
    const gone = [...before.values()].filter(({ uuid }) => !there.has(uuid));
    const events = eventsOf(host, seen, before, gone);
    // What is as it was is not sent: a look at a thousand guests of which none has changed writes nothing.
    const changed = seen.filter((guest) => !sameJson(guest, before.get(guest.uuid)));
    await upsertGuests(tx, host, driver, changed);
    await forgetGuests(
      tx,
      host,
      driver,
      gone.map(({ uuid }) => uuid),
    );
    for (const event of events) await insertEvent(tx, event);
    return events.length > 0;
  });

export const observeDriver = async (control: Control, managed: ManagedHost, id: string): Promise<void> => {
  const driver = managed.drivers.get(id);
  if (driver === undefined) return;
  const { db } = control.inventory;
  const begunAt = await readingBegins(db);
  const seen = await driver.list();
  if (managed.gone.aborted) return;
  const { ended, begun } = turnsOf(await keptOf(db, managed.name, id), seen, control.installation);
  await keepEnds(control, driver, ended);
  await forgetEnds(db, begun);
  const changed = await keep(control, managed.name, { driver: id, begunAt, seen });
  await takeBackLost(control, managed);
  if (ended.length + begun.length > 0) control.tendLives();
  // A foreign guest that ended leaves room, one that was waited for may run now.
  if (changed) control.wakeWaiting();
};
