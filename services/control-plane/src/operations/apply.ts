import type { Driver, GuestRef, Step } from '@innkeeper/driver-contract';
import { findHost, markRunning, releaseNetworkClaims, updateWorkload } from '@innkeeper/inventory';
import { type Candidate, completeSpec, isAdopted } from '@innkeeper/model';
import { driverOf } from '../control.ts';
import { guestRefOf } from '../guest-ref.ts';
import { nameQuietly } from '../names.ts';
import { metadataStep, placeOf } from './adopted.ts';
import { requireReturned } from './host.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';
import { networksStep } from './networks.ts';
import { keepFailure, stopTimeoutMs } from './outcome.ts';
import { type Placed, placedOf, placeStep } from './place.ts';
import { publishStep } from './publish.ts';

export interface Powered {
  readonly driver: Driver;
  readonly guest: GuestRef;
  /** Made by this operation: its undo stops it. */
  readonly fresh: boolean;
  readonly host: string;
}

/** The last step of making or changing: it does what the manifest says. */
export const powerStep = (context: OperationContext, { driver, guest, fresh, host }: Powered): Step => {
  const { workload } = context;
  const wanted = workload.spec.power ?? 'running';
  if (wanted === 'stopped') {
    return {
      name: 'stop',
      run: ({ signal }) => driver.stop(guest, { mode: 'graceful', timeoutMs: stopTimeoutMs }, signal),
      noUndo: 'a stopped guest is what was asked for',
    };
  }
  return {
    name: 'start',
    run: async () => {
      if (workload.placed !== null) await requireReturned(context, workload.placed.host);
      await driver.start(guest);
      if (wanted === 'paused') await driver.pause?.(guest);
      else await markRunning(context.control.inventory.db, workload.id, host);
    },
    ...(fresh
      ? { undo: ({ signal }) => driver.stop(guest, { mode: 'force', timeoutMs: 0 }, signal) }
      : { noUndo: 'a guest that was there before is not stopped' }),
  };
};

/** From here on the workload is what its guest is, even while something follows. */
export const observeStep = (context: OperationContext, { host, driver }: Candidate): Step => ({
  name: 'observe',
  run: async () => {
    await context.control.observeGuest(host, driver, guestRefOf(context.workload));
    const { id, state } = context.workload;
    if (state !== 'ready') await updateWorkload(context.control.inventory.db, id, { state: 'ready' });
  },
  noUndo: 'looking changes nothing',
});

/** Only now may others have the addresses of interfaces that were taken away. */
const givingBack = ({ control, workload }: OperationContext, { claims }: Placed): readonly Step[] => {
  const macs = (claims.leaving ?? []).map(({ mac }) => mac);
  if (macs.length === 0) return [];
  return [
    {
      name: 'give back',
      run: () => releaseNetworkClaims(control.inventory.db, workload.id, macs),
      noUndo: 'the guest does not have them any more',
    },
  ];
};

/** Of an adopted guest only what is known of it changes, and whether it runs. */
const adoptedSteps = (context: OperationContext): readonly Step[] => {
  const { control, workload } = context;
  const place = placeOf(context);
  return [
    metadataStep(context, 'keep'),
    powerStep(context, {
      driver: driverOf(control, place.host, place.driver),
      guest: guestRefOf(workload),
      fresh: false,
      host: place.host,
    }),
    observeStep(context, place),
  ];
};

const steps = (context: OperationContext): readonly Step[] => {
  if (isAdopted(context.workload.spec)) return adoptedSteps(context);
  const placed = placedOf(context.memory);
  if (placed === undefined) return [placeStep(context)];
  const driver = driverOf(context.control, placed.candidate.host, placed.candidate.driver);
  const making: readonly Step[] = placed.fresh
    ? driver.create(placed.plan)
    : [
        {
          name: 'reconfigure',
          run: async () => void (await driver.reconfigure(placed.plan)),
          noUndo: 'the next apply sets the definition again',
        },
        ...givingBack(context, placed),
      ];
  const following = placed.fresh ? driver.settle(placed.plan) : [];
  return [
    placeStep(context),
    ...(placed.ownNetworks === true ? [networksStep(context, driver, placed)] : []),
    ...(placed.publishes ? [publishStep(context, placed)] : []),
    ...making,
    powerStep(context, {
      driver,
      guest: { uuid: placed.plan.uuid, name: placed.plan.name },
      fresh: placed.fresh,
      host: placed.candidate.host,
    }),
    observeStep(context, placed.candidate),
    ...following,
  ];
};

/** The first guest of an image builds it, the first virtual machine proves acceleration: the host's report says so at once. */
const reportAgain = async ({ control, workload }: OperationContext, { candidate, fresh }: Placed): Promise<void> => {
  if (!fresh) return;
  const host = await findHost(control.inventory.db, candidate.host);
  const report = host?.drivers.find(({ driver }) => driver === candidate.driver);
  const { image } = completeSpec(workload.spec);
  const known = image.source.kind === 'blank' || report?.images.includes(image.name) === true;
  if (known && report?.capabilities.acceleration?.value !== 'unproven') return;
  await control.probe(candidate.host);
};

/** First creation and change: the same operation, since both make what is there what was asked for. */
export const apply: OperationDefinition = {
  steps,
  undoOnFailure: true,
  onDone: async (context) => {
    const { control, workload } = context;
    const placed = placedOf(context.memory);
    await updateWorkload(control.inventory.db, workload.id, {
      state: 'ready',
      appliedGeneration: placed?.generation ?? workload.generation,
      error: null,
    });
    const { name, reason } = workload;
    if (placed !== undefined) await reportAgain(context, placed);
    await nameQuietly(control, placed?.candidate.host);
    return placed?.fresh === true
      ? { kind: 'workload.created', text: `${name} ${reason ?? 'was created'}` }
      : { kind: 'workload.changed', text: `${name} was changed` };
  },
  onFailed: async (context, problem) => {
    const { control, workload } = context;
    const placed = placedOf(context.memory);
    // Somebody else holds what was counted on, such as an address, or it is not there any more, as a pool: the next try has to know.
    if (problem.code === 'conflict' && placed !== undefined) await control.probe(placed.candidate.host);
    if (problem.code === 'host_error' && placed !== undefined)
      await control.probe(placed.candidate.host).catch(() => undefined);
    const existed = placed?.fresh === false || (workload.state === 'ready' && placed === undefined);
    await nameQuietly(control, placed?.candidate.host);
    return keepFailure(context, problem, existed ? undefined : 'failed');
  },
};
