import type { Driver, GuestRef, SnapshotGroup, Step } from '@innkeeper/driver-contract';
import {
  deleteSnapshot,
  insertSnapshot,
  isDuplicate,
  listSnapshots,
  markRunning,
  standOn,
  updateSnapshot,
  updateWorkload,
} from '@innkeeper/inventory';
import { type Candidate, type GuestState, InnkeeperError } from '@innkeeper/model';
import { driverOf } from '../control.ts';
import { guestRefOf } from '../guest-ref.ts';
import { observeStep } from './apply.ts';
import { requireReturned } from './host.ts';
import type { OperationContext, OperationDefinition, Told } from './kind.ts';
import { keepFailure, stopTimeoutMs } from './outcome.ts';

/** The snapshot that an operation is about, as it was asked for. */
interface Asked {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
}

/** What the first step found. */
interface Found {
  /** What the guest did. */
  readonly state: GuestState;
  /** The snapshot that the workload stood on. */
  readonly stood: string | null;
  readonly at: string;
}

interface Grounds {
  readonly place: Candidate;
  readonly driver: Driver & SnapshotGroup;
  readonly guest: GuestRef;
}

const askedOf = ({ memory }: OperationContext): Asked => memory as unknown as Asked;
const foundOf = ({ memory }: OperationContext): Found | undefined => memory.found as Found | undefined;

const isCapable = (driver: Driver): driver is Driver & SnapshotGroup => driver.snapshot !== undefined;

export const groundsOf = ({ control, workload }: OperationContext): Grounds => {
  const { placed, name } = workload;
  if (placed === null)
    throw new InnkeeperError('conflict', `${name} has no guest`, { hint: 'apply its manifest again' });
  const driver = driverOf(control, placed.host, placed.driver);
  if (!isCapable(driver)) throw new InnkeeperError('unsupported', `The driver ${placed.driver} makes no snapshots`);
  return { place: placed, driver, guest: guestRefOf(workload) };
};

const look = async (context: OperationContext): Promise<Found> => {
  const known = foundOf(context);
  if (known !== undefined) return known;
  const { control, workload } = context;
  const { driver, guest } = groundsOf(context);
  const seen = await driver.inspect(guest);
  if (seen === undefined) throw new InnkeeperError('not_found', `The guest of ${workload.name} is gone from its host`);
  // Nothing is begun that could not be undone.
  await driver.reach?.(guest);
  const rows = await listSnapshots(control.inventory.db, [workload.id]);
  const found = {
    state: seen.state,
    stood: rows.find(({ current }) => current)?.id ?? null,
    at: new Date().toISOString(),
  };
  await context.remember({ found });
  return found;
};

/** The name is taken from here on. */
const recordStep = (context: OperationContext): Step => ({
  name: 'record',
  run: async () => {
    const { id, name, description = null } = askedOf(context);
    const { stood, at } = await look(context);
    const row = { id, workloadId: context.workload.id, name, description, parent: stood, createdAt: new Date(at) };
    try {
      await insertSnapshot(context.control.inventory.db, row);
    } catch (error) {
      if (!isDuplicate(error, 'snapshots_name_unique')) throw error;
      throw new InnkeeperError('conflict', `${context.workload.name} has a snapshot called ${name} already`);
    }
  },
  undo: () => context.control.inventory.transaction((tx) => deleteSnapshot(tx, askedOf(context).id)),
});

/** It is whole: the workload stands on it from now on. */
const completeStep = (context: OperationContext, { stood }: Found): Step => {
  const { control, workload } = context;
  const { id, name } = askedOf(context);
  return {
    name: 'complete',
    run: async () => {
      const { driver, guest } = groundsOf(context);
      const held = (await driver.snapshots(guest)).find((one) => one.id === id);
      if (held === undefined)
        throw new InnkeeperError('host_error', `The snapshot ${name} of ${workload.name} is not on its host`);
      await control.inventory.transaction(async (tx) => {
        await updateSnapshot(tx, id, { state: 'ready', sizeBytes: held.sizeBytes });
        await standOn(tx, workload.id, id);
      });
    },
    undo: () => control.inventory.transaction((tx) => standOn(tx, workload.id, stood)),
  };
};

/** Somebody may have seen it standing still. */
const failed: OperationDefinition['onFailed'] = async (context, problem) => {
  const { control, workload } = context;
  const { placed } = workload;
  if (placed !== null)
    await control.observeGuest(placed.host, placed.driver, guestRefOf(workload)).catch(() => undefined);
  return keepFailure(context, problem);
};

export const done = async (context: OperationContext, kind: string, text: string): Promise<Told> => {
  const { control, workload } = context;
  if (workload.error !== null) await updateWorkload(control.inventory.db, workload.id, { error: null });
  return { kind, text };
};

/** Keeps what a workload holds, whether it runs or not, and leaves it as it is. */
export const snapshot: OperationDefinition = {
  steps: (context) => {
    const found = foundOf(context);
    if (found === undefined) return [recordStep(context)];
    const { place, driver, guest } = groundsOf(context);
    const { id, name, description } = askedOf(context);
    return [
      recordStep(context),
      ...driver.snapshot(guest, {
        id,
        name,
        ...(description === undefined ? {} : { description }),
        ...(found.stood === null ? {} : { parent: found.stood }),
        createdAt: found.at,
        ran: found.state === 'running',
      }),
      completeStep(context, found),
      observeStep(context, place),
    ];
  },
  undoOnFailure: true,
  onDone: (context) =>
    done(context, 'workload.snapshot', `${context.workload.name}: the snapshot ${askedOf(context).name} was made`),
  onFailed: failed,
};

const lookStep = (context: OperationContext): Step => ({
  name: 'look',
  run: async () => void (await look(context)),
  noUndo: 'looking changes nothing',
});

/** As it was before: a frozen one is frozen again, at the beginning of another life. */
const startAgain = async (context: OperationContext, { state }: Found): Promise<void> => {
  if (state !== 'running' && state !== 'paused') return;
  const { place, driver, guest } = groundsOf(context);
  await requireReturned(context, place.host);
  await driver.start(guest);
  if (state === 'paused') await driver.pause?.(guest);
  else await markRunning(context.control.inventory.db, context.workload.id, place.host);
};

const stopStep = (context: OperationContext, found: Found): Step => {
  const { place, driver, guest } = groundsOf(context);
  return {
    name: 'stop',
    run: ({ signal }) => driver.stop(guest, { mode: 'graceful', timeoutMs: stopTimeoutMs }, signal),
    undo: async () => {
      await startAgain(context, found);
      // No step observes what an undo has brought about.
      await context.control.observeGuest(place.host, place.driver, guest);
    },
  };
};

const startStep = (context: OperationContext, found: Found): Step => {
  const { driver, guest } = groundsOf(context);
  return {
    name: 'start',
    run: () => startAgain(context, found),
    undo: ({ signal }) => driver.stop(guest, { mode: 'force', timeoutMs: 0 }, signal),
  };
};

const standStep = (context: OperationContext, { stood }: Found): Step => {
  const { inventory } = context.control;
  const stand = (id: string | null) => () => inventory.transaction((tx) => standOn(tx, context.workload.id, id));
  return { name: 'stand', run: stand(askedOf(context).id), undo: stand(stood) };
};

/** A workload holds again what it held then, and runs if it ran. Until the last step there is a way back. */
export const restore: OperationDefinition = {
  steps: (context) => {
    const found = foundOf(context);
    if (found === undefined) return [lookStep(context)];
    const { place, driver, guest } = groundsOf(context);
    const { id } = askedOf(context);
    return [
      lookStep(context),
      stopStep(context, found),
      ...driver.restore(guest, id),
      startStep(context, found),
      standStep(context, found),
      observeStep(context, place),
      ...driver.settleRestore(guest, id),
    ];
  },
  undoOnFailure: true,
  onDone: (context) =>
    done(context, 'workload.restored', `${context.workload.name} went back to the snapshot ${askedOf(context).name}`),
  onFailed: failed,
};

/** Takes a snapshot away; those that were made from it are whole without it. */
export const removeSnapshot: OperationDefinition = {
  steps: (context) => {
    const { inventory } = context.control;
    const { driver, guest } = groundsOf(context);
    const { id } = askedOf(context);
    const noUndo = 'removal goes forward: what is gone is gone';
    return [
      { name: 'mark', run: () => updateSnapshot(inventory.db, id, { state: 'removing' }), noUndo },
      ...driver.removeSnapshot(guest, id),
      { name: 'forget', run: () => inventory.transaction((tx) => deleteSnapshot(tx, id)), noUndo },
    ];
  },
  undoOnFailure: false,
  onDone: (context) =>
    done(
      context,
      'workload.snapshot-removed',
      `${context.workload.name}: the snapshot ${askedOf(context).name} was removed`,
    ),
  onFailed: failed,
};
