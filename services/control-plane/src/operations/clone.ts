import { setTimeout as delay } from 'node:timers/promises';
import type { CloneGroup, CloneOrigin, Driver, Step } from '@innkeeper/driver-contract';
import {
  copiedInto,
  deleteWorkload,
  findWorkloadById,
  listSnapshots,
  lockWorkloadById,
  underWayWith,
  unfinishedOf,
  type WorkloadRow,
} from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { driverOf } from '../control.ts';
import { guestRefOf } from '../guest-ref.ts';
import { nameQuietly } from '../names.ts';
import { apply, observeStep, powerStep } from './apply.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';
import { networksStep } from './networks.ts';
import { type CloneOf, cloneOf } from './origin.ts';
import { keepFailure } from './outcome.ts';
import { type Placed, placedOf, placeStep } from './place.ts';

/** What is under way with the other workload is waited for this long. */
const patienceMs = 10 * 60_000;
const lookAgainMs = 100;

const originOf = ({ memory }: OperationContext): CloneOf => {
  const origin = cloneOf(memory);
  if (origin === undefined) throw new InnkeeperError('internal', 'A clone of nothing was asked for');
  return origin;
};

/** The other workload as it is now; its name may have changed since. Throws `not_found` when it, or its snapshot, is gone. */
const sourceOf = async (context: OperationContext): Promise<WorkloadRow> => {
  const { db } = context.control.inventory;
  const { id, name, place, snapshot } = originOf(context);
  const source = await findWorkloadById(db, id);
  if (source?.placed == null) throw new InnkeeperError('not_found', `${name} is gone: nothing is left to be copied`);
  const { host, driver } = source.placed;
  if (host !== place.host || driver !== place.driver)
    throw new InnkeeperError('conflict', `${source.name} is on ${host}/${driver} by now`, { hint: 'ask again' });
  if (snapshot === undefined) return source;
  const found = (await listSnapshots(db, [id])).find((one) => one.id === snapshot.id);
  if (found?.state === 'ready') return source;
  throw new InnkeeperError('not_found', `The snapshot ${snapshot.name} of ${source.name} is gone`);
};

/** Whether nothing else may be begun with the other workload from now on, since this one has come before all others. */
const hold = (context: OperationContext): Promise<boolean> =>
  context.control.inventory.transaction(async (tx) => {
    const { id } = originOf(context);
    await lockWorkloadById(tx, id);
    if ((await copiedInto(tx, id, context.operation.id)) !== undefined) return false;
    await context.remember({ held: true }, tx);
    return true;
  });

/** What waits for the other one goes on. Somebody may have seen that one standing still. */
const letGo = async (context: OperationContext): Promise<void> => {
  const { remember, control, memory } = context;
  const source = memory.source as Pick<CloneOrigin, 'guest'> | undefined;
  const { host, driver } = originOf(context).place;
  if (source !== undefined) await control.observeGuest(host, driver, source.guest).catch(() => undefined);
  await remember({ held: false });
  control.wakeWaiting();
};

const holdAlone = async (context: OperationContext, signal: AbortSignal): Promise<void> => {
  const { id, name } = originOf(context);
  const deadline = Date.now() + patienceMs;
  let held = context.memory.held === true;
  for (;;) {
    held ||= await hold(context);
    if (held && (await underWayWith(context.control.inventory.db, id)) === undefined) return;
    if (Date.now() > deadline)
      throw new InnkeeperError('busy', `${name}: what is under way with it does not end`, {
        hint: 'inn operation ls shows what; ask again when it is done',
      });
    await delay(lookAgainMs, undefined, { signal });
  }
};

/** From here on until it has been copied, operations of the other workload are put aside. */
const sourceStep = (context: OperationContext): Step => ({
  name: 'source',
  run: async ({ signal }) => {
    await holdAlone(context, signal);
    if (context.memory.source !== undefined) return;
    const source = await sourceOf(context);
    const { host, driver } = originOf(context).place;
    const keeper = driverOf(context.control, host, driver);
    const seen = await keeper.inspect(guestRefOf(source));
    // Nothing is begun that could not be undone.
    await keeper.reach?.(guestRefOf(source));
    if (seen === undefined) throw new InnkeeperError('not_found', `The guest of ${source.name} is gone from its host`);
    await context.remember({ source: { guest: guestRefOf(source), ran: seen.state === 'running' } });
  },
  undo: () => letGo(context),
});

const letGoStep = (context: OperationContext): Step => ({
  name: 'let go',
  run: () => letGo(context),
  noUndo: 'the copy is whole',
});

const isCapable = (driver: Driver): driver is Driver & CloneGroup => driver.clone !== undefined;

/** Once the other workload has been let go, it is not touched any more: what it does then is somebody else's doing. */
const copyOf = ({ memory }: OperationContext, { snapshot }: CloneOf): CloneOrigin | undefined => {
  const source = memory.source as Pick<CloneOrigin, 'guest' | 'ran'> | undefined;
  return source && { ...source, snapshot: snapshot?.id, ran: source.ran && memory.held === true };
};

const making = (context: OperationContext, placed: Placed, copy: CloneOrigin): readonly Step[] => {
  const { host, driver: id } = placed.candidate;
  const driver = driverOf(context.control, host, id);
  if (!isCapable(driver)) throw new InnkeeperError('unsupported', `The driver ${id} makes no clones`);
  const [first, ...rest] = driver.clone(placed.plan, copy);
  const guest = { uuid: placed.plan.uuid, name: placed.plan.name };
  return [
    ...(first === undefined ? [] : [first]),
    letGoStep(context),
    ...rest,
    powerStep(context, { driver, guest, fresh: true, host }),
    observeStep(context, placed.candidate),
    ...driver.settle(placed.plan),
  ];
};

const steps = (context: OperationContext): readonly Step[] => {
  const placed = placedOf(context.memory);
  if (placed === undefined) return [placeStep(context)];
  const { host, driver } = placed.candidate;
  const networks =
    placed.ownNetworks === true ? [networksStep(context, driverOf(context.control, host, driver), placed)] : [];
  const copy = copyOf(context, originOf(context));
  return [
    placeStep(context),
    ...networks,
    sourceStep(context),
    ...(copy === undefined ? [] : making(context, placed, copy)),
  ];
};

const whatIs = ({ name, snapshot, ports }: CloneOf): string => {
  const from = snapshot === undefined ? name : `${name} as it was in the snapshot ${snapshot.name}`;
  return ports.length === 0
    ? `a clone of ${from}`
    : `a clone of ${from}; ${ports.join(', ')} of the host stay with ${name}`;
};

/** A workload that begins with a copy of what another one holds. One that fails leaves nothing, also no record of a workload. */
export const clone: OperationDefinition = {
  steps,
  undoOnFailure: true,
  onDone: async (context) => {
    await apply.onDone(context);
    return { kind: 'workload.created', text: `${context.workload.name} was made as ${whatIs(originOf(context))}` };
  },
  onFailed: async (context, problem) => {
    const { control, workload, operation } = context;
    const { db } = control.inventory;
    const placed = placedOf(context.memory);
    await nameQuietly(control, placed?.candidate.host);
    const others = (await unfinishedOf(db, workload.id)).filter(({ id }) => id !== operation.id);
    // Somebody wants something else of it by now.
    if (others.length > 0) return keepFailure(context, problem, 'failed');
    if (placed !== undefined) {
      if (problem.code === 'conflict') await control.probe(placed.candidate.host);
      await control.observeGuest(placed.candidate.host, placed.candidate.driver, guestRefOf(workload));
    }
    await deleteWorkload(db, workload.id);
    return { kind: 'workload.failed', text: `${workload.name}: ${problem.detail}` };
  },
};
