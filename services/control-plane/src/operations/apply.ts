import type { Driver, GuestClaims, GuestPlan, Step } from '@innkeeper/driver-contract';
import {
  insertPlacement,
  listHosts,
  networkClaimsOf,
  releaseClaims,
  resizeClaim,
  uidClaimOf,
  updateWorkload,
  upsertGuests,
} from '@innkeeper/inventory';
import { type Candidate, completeSpec, type ErrorCode, InnkeeperError, type Problem } from '@innkeeper/model';
import { decide } from '@innkeeper/placement';
import { claimAll } from '../claim.ts';
import { driverOf, tell } from '../control.ts';
import { takeSnapshot } from '../snapshot.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';

const stopTimeoutMs = 30_000;

interface Placed {
  readonly candidate: Candidate;
  readonly plan: GuestPlan;
  readonly claims: GuestClaims;
  /** True when the guest is being made, false when it is being changed. */
  readonly fresh: boolean;
}

const placedOf = (memory: Readonly<Record<string, unknown>>): Placed | undefined => memory.placed as Placed | undefined;

/** A guest that exists keeps its place and its claims; only their amount may change. */
const replan = async (context: OperationContext, candidate: Candidate): Promise<Placed> => {
  const { control, workload } = context;
  const { db } = control.inventory;
  const spec = completeSpec(workload.spec);
  const host = (await listHosts(db)).find(({ name }) => name === candidate.host);
  const report = host?.drivers.find(({ driver }) => driver === candidate.driver);
  if (report === undefined)
    throw new InnkeeperError('unavailable', `${candidate.host}/${candidate.driver} has not reported`);
  const fits = await resizeClaim(db, {
    workloadId: workload.id,
    host: candidate.host,
    cpus: spec.cpus,
    memoryBytes: spec.memoryBytes,
    diskBytes: spec.diskBytes,
  });
  if (!fits)
    throw new InnkeeperError('conflict', `${candidate.host} has no room for what ${workload.name} now asks for`);
  const networks = (await networkClaimsOf(db, workload.id)).map(({ network, mac, address }) => {
    const facts = report.networks.find(({ name }) => name === network);
    const known = address !== null && facts?.gateway !== undefined && facts.prefix !== undefined;
    return {
      network,
      mac,
      address: known
        ? { ip: address as string, prefix: facts.prefix as number, gateway: facts.gateway as string }
        : undefined,
    };
  });
  const claims = { uidStart: (await uidClaimOf(db, workload.id)) ?? 0, networks };
  return {
    candidate,
    fresh: false,
    claims,
    plan: driverOf(control, candidate.host, candidate.driver).plan(orderOf(context, claims, report)),
  };
};

const orderOf = (
  { control, workload }: OperationContext,
  claims: Parameters<Driver['plan']>[0]['claims'],
  report: Parameters<Driver['plan']>[0]['report'],
): Parameters<Driver['plan']>[0] => ({
  name: workload.name,
  uuid: workload.id,
  spec: completeSpec(workload.spec),
  stored: workload.spec,
  ownership: { installation: control.installation, workloadId: workload.id, generation: workload.generation },
  claims,
  report,
});

/** Decides and claims in one transaction: nobody can take in between what the decision counted on. */
const place = async (context: OperationContext): Promise<Placed> => {
  const { control, workload } = context;
  const spec = completeSpec(workload.spec);
  return control.inventory.transaction(async (tx) => {
    const snapshot = await takeSnapshot(tx, control.installation, workload.id);
    const record = decide(snapshot, { name: workload.name, spec });
    const placementId = await insertPlacement(tx, workload.id, record);
    const { winner } = record;
    if (winner === undefined)
      throw new InnkeeperError('unplaceable', record.reason, { hint: `inn explain ${workload.name}` });
    const host = (await listHosts(tx)).find(({ name }) => name === winner.host);
    const report = host?.drivers.find(({ driver }) => driver === winner.driver);
    if (host?.machine == null || report === undefined)
      throw new InnkeeperError('unavailable', `${winner.host} has not reported`);
    const claims = await claimAll(tx, {
      workloadId: workload.id,
      name: workload.name,
      spec,
      candidate: winner,
      machine: host.machine,
      networks: report.networks,
    });
    const plan = driverOf(control, winner.host, winner.driver).plan(orderOf(context, claims, report));
    await updateWorkload(tx, workload.id, {
      state: 'creating',
      placed: winner,
      placementId,
      reason: record.reason,
      error: null,
    });
    return { candidate: winner, plan, claims, fresh: true };
  });
};

const placeStep = (context: OperationContext): Step => ({
  name: 'place',
  run: async () => {
    if (placedOf(context.memory) !== undefined) return;
    const { workload } = context;
    const exists = workload.placed !== null && workload.state === 'ready';
    await context.remember({
      placed: exists ? await replan(context, workload.placed as Candidate) : await place(context),
    });
  },
  undo: async () => {
    if (placedOf(context.memory)?.fresh === false) return;
    const { db } = context.control.inventory;
    await releaseClaims(db, context.workload.id);
    await updateWorkload(db, context.workload.id, { placed: null });
  },
});

const powerStep = (context: OperationContext, placed: Placed): Step => {
  const driver = driverOf(context.control, placed.candidate.host, placed.candidate.driver);
  const guest = { uuid: placed.plan.uuid, name: placed.plan.name };
  const wanted = context.workload.spec.power ?? 'running';
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
      await driver.start(guest);
      await markStarted(context, placed.candidate.host);
      await seenRunning(context, placed);
    },
    ...(placed.fresh
      ? { undo: ({ signal }) => driver.stop(guest, { mode: 'force', timeoutMs: 0 }, signal) }
      : { noUndo: 'a guest that was there before is not stopped' }),
  };
};

/** A start that returned has been seen: people need not wait for the reading that finds everything else. */
const seenRunning = async ({ control, workload }: OperationContext, { candidate, claims }: Placed): Promise<void> => {
  const { db } = control.inventory;
  const spec = completeSpec(workload.spec);
  const addresses = claims.networks.flatMap(({ address }) => (address === undefined ? [] : [address.ip]));
  const networks = claims.networks.map(({ network, mac, address }) => ({
    network,
    mac,
    ...(address === undefined ? {} : { address: address.ip }),
  }));
  const { installation } = control;
  await upsertGuests(db, candidate.host, candidate.driver, [
    {
      driver: candidate.driver,
      uuid: workload.id,
      name: workload.name,
      state: 'running',
      ownership: {
        installation,
        workloadId: workload.id,
        generation: workload.generation,
        spec: workload.spec,
        claims: { uidStart: claims.uidStart, networks },
      },
      cpus: spec.cpus,
      memoryBytes: spec.memoryBytes,
      addresses,
      macs: claims.networks.map(({ mac }) => mac),
      startedAtMs: Date.now(),
      idRanges: [],
    },
  ]);
  await updateWorkload(db, workload.id, { state: 'ready' });
};

export const markStarted = async ({ control, workload }: OperationContext, host: string): Promise<void> => {
  const { db } = control.inventory;
  const bootId = (await listHosts(db)).find(({ name }) => name === host)?.machine?.bootId ?? null;
  await updateWorkload(db, workload.id, { startedInBoot: bootId });
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

const steps = (context: OperationContext): readonly Step[] => {
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
      ];
  const following = placed.fresh ? driver.settle(placed.plan) : [];
  return [
    placeStep(context),
    ...making,
    powerStep(context, placed),
    observeStep(context, placed.candidate),
    ...following,
  ];
};

const subject = ({ workload }: OperationContext) => ({
  kind: 'workload' as const,
  id: workload.id,
  name: workload.name,
});

/** First creation and change: the same operation, since both make what is there what was asked for. */
export const apply: OperationDefinition = {
  steps,
  undoOnFailure: true,
  onDone: async (context) => {
    const { control, workload } = context;
    const placed = placedOf(context.memory);
    await updateWorkload(control.inventory.db, workload.id, {
      state: 'ready',
      appliedGeneration: workload.generation,
      error: null,
    });
    const text =
      placed?.fresh === true ? `${workload.name} ${workload.reason ?? 'was created'}` : `${workload.name} was changed`;
    await tell(control, {
      kind: placed?.fresh === true ? 'workload.created' : 'workload.changed',
      subject: subject(context),
      text,
    });
  },
  onFailed: async (context, problem) => {
    const { control, workload } = context;
    // Somebody else holds what was counted on, such as an address: the next try has to know.
    const candidate = placedOf(context.memory)?.candidate;
    if (problem.code === 'conflict' && candidate !== undefined) await control.probe(candidate.host);
    const existed =
      placedOf(context.memory)?.fresh === false ||
      (workload.state === 'ready' && placedOf(context.memory) === undefined);
    await updateWorkload(control.inventory.db, workload.id, {
      ...(existed ? {} : { state: 'failed' as const }),
      error: problem as Problem & { code: ErrorCode },
    });
    await tell(control, {
      kind: 'workload.failed',
      subject: subject(context),
      text: `${workload.name}: ${problem.detail}`,
    });
  },
};
