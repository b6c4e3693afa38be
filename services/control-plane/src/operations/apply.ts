import { type Driver, type GuestRef, ownershipOf, type Step } from '@innkeeper/driver-contract';
import { listHosts, markRunning, releaseNetworkClaims, updateWorkload, upsertGuests } from '@innkeeper/inventory';
import { type Candidate, completeSpec, type GuestObservation, isAdopted } from '@innkeeper/model';
import { driverOf, tell } from '../control.ts';
import { guestRefOf } from '../guest-ref.ts';
import { nameQuietly } from '../names.ts';
import { metadataStep, placeOf } from './adopted.ts';
import { requireReturned } from './host.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';
import { networksStep } from './networks.ts';
import { stopTimeoutMs, tellFailed, tellOf } from './outcome.ts';
import { orderOf, type Placed, placedOf, placeStep } from './place.ts';
import { publishStep } from './publish.ts';

interface Powered {
  readonly driver: Driver;
  readonly guest: GuestRef;
  /** Made by this operation: its undo stops it. */
  readonly fresh: boolean;
  readonly started: () => Promise<void>;
}

const powerStep = (context: OperationContext, { driver, guest, fresh, started }: Powered): Step => {
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
      else await started();
    },
    ...(fresh
      ? { undo: ({ signal }) => driver.stop(guest, { mode: 'force', timeoutMs: 0 }, signal) }
      : { noUndo: 'a guest that was there before is not stopped' }),
  };
};

/** A start that returned has been seen: people need not wait for the reading that finds everything else. */
const seenRunning = async (context: OperationContext, { candidate, claims }: Placed): Promise<void> => {
  const { control, workload } = context;
  const { db } = control.inventory;
  const order = orderOf(context, claims);
  const seen: GuestObservation = {
    driver: candidate.driver,
    uuid: workload.id,
    name: workload.name,
    state: 'running',
    ownership: ownershipOf(order),
    cpus: order.spec.cpus,
    memoryBytes: order.spec.memoryBytes,
    addresses: claims.networks.flatMap(({ address, address6 }) => [address?.ip ?? [], address6?.ip ?? []].flat()),
    macs: claims.networks.map(({ mac }) => mac),
    startedAtMs: Date.now(),
    idRanges: [],
  };
  await Promise.all([
    upsertGuests(db, candidate.host, candidate.driver, [seen]),
    markRunning(db, workload.id, candidate.host),
  ]);
  await tell(control, {
    kind: 'guest.running',
    subject: { kind: 'guest', id: workload.id, name: workload.name },
    text: `${workload.name} is running`,
  });
};

/** From here on the workload is what its guest is, even while something follows. */
export const observeStep = (context: OperationContext, { host, driver }: Candidate): Step => ({
  name: 'observe',
  run: async () => {
    await context.control.observe(host, driver);
    await updateWorkload(context.control.inventory.db, context.workload.id, { state: 'ready' });
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
      started: () => markRunning(control.inventory.db, workload.id, place.host),
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
      started: () => seenRunning(context, placed),
    }),
    observeStep(context, placed.candidate),
    ...following,
  ];
};

/** The first guest of an image builds it, the first virtual machine proves acceleration: the host's report says so at once. */
const reportAgain = async ({ control, workload }: OperationContext, { candidate, fresh }: Placed): Promise<void> => {
  if (!fresh) return;
  const host = (await listHosts(control.inventory.db)).find(({ name }) => name === candidate.host);
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
    if (placed?.fresh === true) {
      await tellOf(control, workload, 'workload.created', `${name} ${reason ?? 'was created'}`);
      await reportAgain(context, placed);
    } else await tellOf(control, workload, 'workload.changed', `${name} was changed`);
    await nameQuietly(control, placed?.candidate.host);
  },
  onFailed: async (context, problem) => {
    const { control, workload } = context;
    const placed = placedOf(context.memory);
    // Somebody else holds what was counted on, such as an address: the next try has to know.
    if (problem.code === 'conflict' && placed !== undefined) await control.probe(placed.candidate.host);
    const existed = placed?.fresh === false || (workload.state === 'ready' && placed === undefined);
    await tellFailed(context, problem, existed ? undefined : 'failed');
    await nameQuietly(control, placed?.candidate.host);
  },
};
