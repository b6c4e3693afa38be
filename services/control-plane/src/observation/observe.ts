import { readMachine } from '@innkeeper/host';
import { forgetEnds, listGuests, recordDevices, recordReport, replaceGuests, wakeWaiting } from '@innkeeper/inventory';
import { type GuestObservation, sameJson } from '@innkeeper/model';
import { type Control, type ManagedHost, tell } from '../control.ts';
import { keepEnds, turnsOf } from '../lifecycle/ends.ts';
import { takeBackLost } from '../recovery/by-itself.ts';

/** Reads what a host and its drivers can do. */
export const probeHost = async (
  control: Pick<Control, 'inventory' | 'config'>,
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
  await wakeWaiting(db);
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

/** Says what changed since the last look, so that nothing happens silently; true when something did. */
const tellChange = async (
  control: Control,
  host: string,
  seen: GuestObservation,
  before: GuestObservation | undefined,
): Promise<boolean> => {
  const subject = { kind: 'guest', id: seen.uuid, name: seen.name } as const;
  if (before === undefined) {
    await tell(control, { kind: 'guest.appeared', subject, text: `${seen.name} is on ${host} (${seen.state})` });
    return true;
  }
  if (before.state !== seen.state) {
    const text = `${seen.name} is ${seen.state} (was ${before.state})`;
    await tell(control, { kind: `guest.${seen.state}`, subject, text });
    return true;
  }
  const text = changeOf(seen, before);
  if (text === undefined) return false;
  await tell(control, { kind: 'guest.changed', subject, text });
  return true;
};

const tellGone = (control: Control, host: string, { uuid, name }: GuestObservation): Promise<void> =>
  tell(control, {
    kind: 'guest.gone',
    subject: { kind: 'guest', id: uuid, name },
    text: `${name} is not on ${host} any more`,
  });

export const observeDriver = async (control: Control, managed: ManagedHost, id: string): Promise<void> => {
  const driver = managed.drivers.get(id);
  if (driver === undefined) return;
  const seen = await driver.list();
  if (managed.gone.aborted) return;
  const rows = (await listGuests(control.inventory.db)).filter((row) => row.host === managed.name && row.driver === id);
  const before = new Map(rows.map(({ uuid, observation }) => [uuid, observation]));
  let changed = false;
  for (const guest of seen)
    changed = (await tellChange(control, managed.name, guest, before.get(guest.uuid))) || changed;
  const there = new Set(seen.map(({ uuid }) => uuid));
  for (const gone of before.values()) if (!there.has(gone.uuid)) await tellGone(control, managed.name, gone);
  const { ended, begun } = turnsOf(before, seen, control.installation);
  await keepEnds(control, driver, ended);
  await forgetEnds(control.inventory.db, begun);
  await replaceGuests(control.inventory.db, managed.name, id, seen);
  await takeBackLost(control, managed);
  if (ended.length + begun.length > 0) control.tendLives();
  // A foreign guest that ended leaves room, one that was waited for may run now.
  if (changed) await wakeWaiting(control.inventory.db);
};
