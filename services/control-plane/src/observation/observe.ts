import type { Driver, GuestRef } from '@innkeeper/driver-contract';
import { readMachine } from '@innkeeper/host';
import {
  allOf,
  forgetEnds,
  forgetGuests,
  guestsOf,
  insertEvent,
  type KnownGuest,
  keepTurned,
  type NewEvent,
  type Reading,
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
const eventOf = (
  { host, installation }: Place,
  seen: GuestObservation,
  before: GuestObservation | undefined,
): NewEvent | undefined => {
  const subject = { kind: 'guest', id: seen.uuid, name: seen.name } as const;
  const ours = seen.ownership?.installation === installation;
  if (before === undefined && ours && seen.state === 'running')
    return { kind: 'guest.running', subject, text: `${seen.name} is running` };
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

/** Where guests are seen, and whose they may be. */
interface Place {
  readonly host: string;
  readonly installation: string;
}

/** What changed since the last look, so that nothing happens silently. */
const eventsOf = (
  place: Place,
  seen: readonly GuestObservation[],
  before: Seen,
  gone: readonly GuestObservation[],
): NewEvent[] => [
  ...seen.flatMap((guest) => eventOf(place, guest, before.get(guest.uuid)) ?? []),
  ...gone.map((guest) => goneEvent(place.host, guest)),
];

const byUuid = (known: readonly KnownGuest[]): Seen =>
  new Map(known.map(({ observation }) => [observation.uuid, observation]));

/** True when it brought something new. Others may read the same host: each change is told once, and the newest look stays. */
const keep = (
  { inventory, installation }: Control,
  reading: Reading,
  found: readonly GuestObservation[],
): Promise<boolean> =>
  inventory.transaction(async (tx) => {
    if (!(await takeReading(tx, reading))) return false;
    const known = await guestsOf(tx, reading);
    const later = byUuid(known.filter((one) => one.later));
    const before = byUuid(known.filter((one) => !one.later));
    const seen = found.filter(({ uuid }) => !later.has(uuid));
    const there = new Set(seen.map(({ uuid }) => uuid));
    const gone = [...before.values()].filter(({ uuid }) => !there.has(uuid));
    const events = eventsOf({ host: reading.host, installation }, seen, before, gone);
    // What is as it was is not sent: a look at a thousand guests of which none has changed writes nothing.
    const changed = seen.filter((guest) => !sameJson(guest, before.get(guest.uuid)));
    await upsertGuests(tx, reading, changed);
    await forgetGuests(
      tx,
      reading,
      gone.map(({ uuid }) => uuid),
    );
    await allOf(events.map((event) => insertEvent(tx, event)));
    return events.length > 0;
  });

/**
 * {@link keep}, of what is known as it was when the look ended: a guest that is as it was needs no word, one that has turned one
 * statement. All others are read anew.
 */
const keepLook = async (
  control: Control,
  reading: Reading,
  known: readonly KnownGuest[],
  found: readonly GuestObservation[],
): Promise<boolean> => {
  const [[before, ...others], [seen, ...more]] = [known, found];
  const isOne = reading.only !== undefined && others.length + more.length === 0;
  if (!isOne || before === undefined || seen === undefined || before.later) return keep(control, reading, found);
  if (sameJson(seen, before.observation)) return false;
  const place = { host: reading.host, installation: control.installation };
  const event = eventOf(place, seen, before.observation);
  const turned = event === undefined ? undefined : { before: before.observation, seen, event };
  if (turned !== undefined && (await keepTurned(control.inventory.db, reading, turned))) return true;
  return keep(control, reading, found);
};

type Look = (driver: Driver) => Promise<readonly GuestObservation[]>;

/** False when there was nobody to look any more. */
const look = async (
  control: Control,
  managed: ManagedHost,
  about: Omit<Reading, 'host' | 'begunAt'>,
  ask: Look,
): Promise<boolean> => {
  const driver = managed.drivers.get(about.driver);
  if (driver === undefined) return false;
  const { db } = control.inventory;
  const reading: Reading = { ...about, host: managed.name, begunAt: await readingBegins(db) };
  const seen = await ask(driver);
  if (managed.gone.aborted) return false;
  const known = await guestsOf(db, reading);
  const { ended, begun } = turnsOf(byUuid(known), seen, control.installation);
  await keepEnds(control, driver, ended);
  await forgetEnds(db, begun);
  const changed = await keepLook(control, reading, known, seen);
  if (ended.length + begun.length > 0) control.tendLives();
  // A foreign guest that ended leaves room, one that was waited for may run now.
  if (changed) {
    control.announce();
    control.wakeWaiting();
  }
  return true;
};

export const observeDriver = async (control: Control, managed: ManagedHost, driver: string): Promise<void> => {
  if (await look(control, managed, { driver }, (one) => one.list())) await takeBackLost(control, managed);
};

/** What an operation made of its guest, without a look at a thousand others. */
export const observeGuest = async (
  control: Control,
  managed: ManagedHost,
  driver: string,
  guest: GuestRef,
): Promise<void> => {
  await look(control, managed, { driver, only: guest.uuid }, async (one) => {
    const seen = await one.inspect(guest);
    return seen === undefined ? [] : [seen];
  });
};
