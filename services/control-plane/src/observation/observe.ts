import { readMachine } from '@innkeeper/host';
import { forgetEnds, listGuests, recordDevices, recordReport, replaceGuests, wakeWaiting } from '@innkeeper/inventory';
import type { GuestObservation } from '@innkeeper/model';
import { type Control, type ManagedHost, tell } from '../control.ts';
import { keepEnds, turnsOf } from '../lifecycle/ends.ts';

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

/** Says what changed since the last look, so that nothing happens silently; true when something did. */
const tellChange = async (
  control: Control,
  host: string,
  seen: GuestObservation,
  before: GuestObservation | undefined,
): Promise<boolean> => {
  if (before?.state === seen.state) return false;
  const kind = before === undefined ? 'guest.appeared' : `guest.${seen.state}`;
  const text =
    before === undefined
      ? `${seen.name} is on ${host} (${seen.state})`
      : `${seen.name} is ${seen.state} (was ${before.state})`;
  await tell(control, { kind, subject: { kind: 'guest', id: seen.uuid, name: seen.name }, text });
  return true;
};

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
  const { ended, begun } = turnsOf(before, seen, control.installation);
  await keepEnds(control, driver, ended);
  await forgetEnds(control.inventory.db, begun);
  await replaceGuests(control.inventory.db, managed.name, id, seen);
  if (ended.length + begun.length > 0) control.tendLives();
  // A foreign guest that ended leaves room, one that was waited for may run now.
  if (changed) await wakeWaiting(control.inventory.db);
};
