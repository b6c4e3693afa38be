import { setTimeout as delay } from 'node:timers/promises';
import { findHost, type HostRow, listGuests, setHostState, takeWatch } from '@innkeeper/inventory';
import type { DriverReport } from '@innkeeper/model';
import { type Control, type ManagedHost, tell } from '../control.ts';
import { startAfterBoot } from '../lifecycle/after-boot.ts';
import { publishOn } from '../publish.ts';
import { askAgainMs, askSoonMs, type Health, nextHealth } from './health.ts';
import { localAddress } from './open.ts';

/** Events tell at once; the pass finds what they missed. */
const passMs = 30_000;
/** Versions, networks, firmware: things that change when somebody installs something. */
const probeMs = 5 * 60_000;
/** While a driver does not work, or a pool is away: libvirt may only have been slow, or a disk is being mounted. */
const probeSoonMs = 10_000;
const gatherMs = 50;
const answerMs = 20_000;

const says: Readonly<Record<Health, string>> = {
  up: 'answers again',
  suspect: 'has not answered for some seconds; it is asked again',
  unreachable: 'has not answered for a minute: what its guests do is not known, and nothing is started in their place',
};

/** The machine itself needs no asking: without it nobody asks. Throws while this process may ask nobody. */
const answers = async ({ lease }: Control, { host }: ManagedHost): Promise<boolean> => {
  if (host.id === localAddress) return true;
  lease.require();
  try {
    await host.run(['true'], { timeoutMs: answerMs });
    return true;
  } catch {
    return false;
  }
};

const quietly = (control: Control, work: Promise<void>): Promise<void> =>
  work.catch((error: unknown) => control.log.warn({ err: error }, 'observation failed'));

/** True when the inventory said something else before. */
const record = async (control: Control, row: HostRow, health: Health): Promise<boolean> => {
  const { id, name } = row;
  if (!(await setHostState(control.inventory.db, name, health))) return false;
  await tell(control, { kind: `host.${health}`, subject: { kind: 'host', id, name }, text: `${name} ${says[health]}` });
  return true;
};

const tellReboot = async (control: Control, managed: ManagedHost, driver: string, name: string): Promise<void> => {
  const guests = await listGuests(control.inventory.db);
  const guest = guests.find(
    (one) => one.host === managed.name && one.driver === driver && one.observation.name === name,
  );
  if (guest === undefined) return;
  await tell(control, {
    kind: 'guest.rebooted',
    subject: { kind: 'guest', id: guest.uuid, name },
    text: `${name} was rebooted, by its own system or by others`,
  });
};

/** Whether everything is to be read anew with the next look. */
interface Wanted {
  again: boolean;
}

interface Following {
  readonly managed: ManagedHost;
  readonly wanted: Wanted;
  readonly signal: AbortSignal;
}

const followEvents = async (control: Control, { managed, wanted, signal }: Following, id: string): Promise<void> => {
  for await (const hint of managed.drivers.get(id)?.watch(signal) ?? []) {
    if (hint.rebooted === true) void quietly(control, tellReboot(control, managed, id, hint.name ?? ''));
    // libvirt has begun anew, and put its own rules before ours; with its host perhaps, faster than anybody noticed.
    if (hint.kind === 'gap') {
      wanted.again = true;
      void quietly(control, publishOn(control, managed));
      void quietly(control, control.nameGuests(managed.name, true));
    }
    // Events come in bursts: one reading answers all of a burst.
    await delay(gatherMs);
    void quietly(control, control.observe(managed.name, id));
  }
};

/** Everything is read anew before it is called up, and those who wait are woken when it is. */
const readAgain = async (control: Control, managed: ManagedHost): Promise<void> => {
  await quietly(control, control.probe(managed.name));
  await quietly(control, control.observe(managed.name));
  await quietly(control, publishOn(control, managed));
  await quietly(control, control.nameGuests(managed.name, true));
};

const probePauseMs = async ({ inventory }: Control, { name }: ManagedHost): Promise<number> => {
  const row = await findHost(inventory.db, name);
  const isWell = ({ healthy, pools = [] }: DriverReport): boolean =>
    healthy && pools.every(({ away }) => away === undefined);
  return row?.drivers.every(isWell) === true ? probeMs : probeSoonMs;
};

/** Whether this process is the one that follows the host: of several, one does. */
const isOurs = ({ inventory, lease }: Control, { name }: ManagedHost): Promise<boolean> =>
  takeWatch(inventory.db, name, lease.identity.id);

/** Until another process follows it, or the signal fires. */
const follow = async (control: Control, { managed, wanted, signal }: Following): Promise<void> => {
  const row = await findHost(control.inventory.db, managed.name);
  if (row === undefined) return;
  let health: Health = row.state === 'draining' ? 'up' : row.state;
  let answeredAt = Date.now();
  // Of a host that has been opened only, not read.
  let [passedAt, probedAt] = [0, 0];
  while (!signal.aborted && (await isOurs(control, managed))) {
    const answered = await answers(control, managed);
    if (signal.aborted) return;
    const now = Date.now();
    if (answered) answeredAt = now;
    const back = answered && health !== 'up';
    health = nextHealth(health, answered, now - answeredAt);
    // Asked each time: an operation may have found since that something does not work.
    if (answered && (back || wanted.again || now - probedAt >= (await probePauseMs(control, managed)))) {
      wanted.again = false;
      await readAgain(control, managed);
      [passedAt, probedAt] = [now, now];
    } else if (answered && now - passedAt >= passMs) {
      await quietly(control, control.observe(managed.name));
      passedAt = now;
    }
    if ((await record(control, row, health)) && health === 'up') control.wakeWaiting();
    if (passedAt === now) await quietly(control, startAfterBoot(control));
    await delay(answered ? askAgainMs[health] : Math.min(askSoonMs, askAgainMs[health]), undefined, { signal }).catch(
      () => undefined,
    );
  }
};

/** All of it, until another process follows the host, or the signal fires. */
const followWhileOurs = async (control: Control, managed: ManagedHost, signal: AbortSignal): Promise<void> => {
  const end = new AbortController();
  const following = { managed, wanted: { again: false }, signal: AbortSignal.any([signal, end.signal]) };
  for (const id of managed.drivers.keys()) void quietly(control, followEvents(control, following, id));
  try {
    await follow(control, following);
  } finally {
    end.abort();
  }
};

/** A loss of the database, or what nobody thought of, ends one look, not the following. */
const followAlways = async (control: Control, managed: ManagedHost, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await quietly(
      control,
      isOurs(control, managed).then((ours) => (ours ? followWhileOurs(control, managed, signal) : undefined)),
    );
    await delay(askAgainMs.suspect, undefined, { signal }).catch(() => undefined);
  }
};

/**
 * Follows one host until the signal fires: its libvirts' events, whether it answers, and everything now and then. Of the
 * processes that share the inventory one does, and another within 20 s when it is gone.
 */
export const watchHost = (control: Control, managed: ManagedHost, signal: AbortSignal): void =>
  void followAlways(control, managed, signal);
