import type { GuestClaims, GuestOrder, GuestPlan, Step } from '@innkeeper/driver-contract';
import {
  allOf,
  findHost,
  insertPlacement,
  listGuests,
  listNetworks,
  releaseClaims,
  resizeClaim,
  updateWorkload,
} from '@innkeeper/inventory';
import {
  type Candidate,
  completeSpec,
  diskAsked,
  InnkeeperError,
  nearMissText,
  type PlacementRecord,
  publicationsOf,
} from '@innkeeper/model';
import { decide, type PlacementInput } from '@innkeeper/placement';

import { claimAll, claimPublished } from '../claim.ts';
import { driverOf } from '../control.ts';
import { foreignHolds } from '../devices.ts';
import { foreignUse } from '../foreign.ts';
import { networksOf } from '../networks.ts';
import { requireUnbound } from '../publish.ts';
import { rewire } from '../rewire.ts';
import { readKnown, requestOf, snapshotOf } from '../snapshot.ts';
import { managedHost } from './host.ts';
import type { OperationContext } from './kind.ts';
import { placedBeside } from './origin.ts';
import { Waiting } from './waiting.ts';

/** What the step `place` decided; everything that follows is made from it, also after a restart. */
export interface Placed {
  readonly candidate: Candidate;
  readonly plan: GuestPlan;
  readonly claims: GuestClaims;
  /** Of the specification that the plan was made from. */
  readonly generation: number;
  /** True when the guest is being made, false when it is being changed. */
  readonly fresh: boolean;
  /** Whether what its host publishes for it is to be looked after. */
  readonly publishes: boolean;
  /** Whether it is on networks that are made where they are needed. */
  readonly ownNetworks?: boolean;
}

export const placedOf = (memory: Readonly<Record<string, unknown>>): Placed | undefined =>
  memory.placed as Placed | undefined;

export const orderOf = (
  { control, workload }: Pick<OperationContext, 'control' | 'workload'>,
  claims: GuestOrder['claims'],
): Omit<GuestOrder, 'report'> => ({
  name: workload.name,
  uuid: workload.id,
  spec: completeSpec(workload.spec),
  stored: workload.spec,
  ownership: { installation: control.installation, workloadId: workload.id, generation: workload.generation },
  claims,
});

/** A guest that exists keeps its place and what it holds; how much, and which interfaces, may change. */
const replan = async (context: OperationContext, candidate: Candidate): Promise<Placed> => {
  const { control, workload } = context;
  const { db } = control.inventory;
  const spec = completeSpec(workload.spec);
  const host = await findHost(db, candidate.host);
  const report = host?.drivers.find(({ driver }) => driver === candidate.driver);
  if (report === undefined)
    throw new InnkeeperError('unavailable', `${candidate.host}/${candidate.driver} has not reported`);
  const { claims, publishes, ownNetworks } = await control.inventory.transaction(async (tx) => {
    const fits = await resizeClaim(tx, {
      workloadId: workload.id,
      host: candidate.host,
      cpus: spec.cpus,
      memoryBytes: spec.memoryBytes,
      diskBytes: diskAsked(spec),
      foreign: foreignUse(await listGuests(tx), candidate.host, control.installation),
    });
    if (!fits)
      throw new InnkeeperError('conflict', `${candidate.host} has no room for what ${workload.name} now asks for`);
    const own = await listNetworks(tx);
    const networks = networksOf(report.networks, own);
    const held = await rewire(tx, { workloadId: workload.id, candidate, networks, spec });
    const changed = await claimPublished(tx, { workloadId: workload.id, candidate, spec }, held.networks);
    if (changed) await requireUnbound(managedHost(context, candidate.host), publicationsOf(spec.networks));
    return {
      claims: held,
      publishes: changed || held.leaving !== undefined,
      ownNetworks: own.some(({ name }) => held.networks.some(({ network }) => network === name)),
    };
  });
  const driver = driverOf(control, candidate.host, candidate.driver);
  return {
    candidate,
    fresh: false,
    publishes,
    ownNetworks,
    generation: workload.generation,
    claims,
    plan: driver.plan({ ...orderOf(context, claims), report }),
  };
};

/** A decision that found no place, with what it was made from. */
interface Unplaced {
  readonly record: PlacementRecord;
  readonly input: PlacementInput;
}

/** Decides and claims in one transaction: nobody can take in between what the decision counted on. */
const tryPlace = async (context: OperationContext): Promise<Placed | Unplaced> => {
  const { control, workload } = context;
  const spec = completeSpec(workload.spec);
  return control.inventory.transaction(async (tx) => {
    // Claimed by a try that was killed before it could say so.
    if (workload.placed !== null) await releaseClaims(tx, workload.id);
    const known = await readKnown(tx, workload.id);
    const input = {
      snapshot: snapshotOf(known, control.installation),
      request: { ...requestOf(workload.name, workload.spec), ...placedBeside(context.memory) },
    };
    const record = decide(input.snapshot, input.request);
    const { winner } = record;
    if (winner === undefined) return { record, input };
    const host = known.hosts.find(({ name }) => name === winner.host);
    const report = host?.drivers.find(({ driver }) => driver === winner.driver);
    if (host?.machine == null || report === undefined)
      throw new InnkeeperError('unavailable', `${winner.host} has not reported`);
    const claiming = claimAll(tx, {
      workloadId: workload.id,
      name: workload.name,
      spec,
      candidate: winner,
      machine: host.machine,
      networks: networksOf(report.networks, known.networks),
      guests: known.guests,
      foreign: foreignUse(known.guests, winner.host, control.installation),
      foreignHolds: foreignHolds(known.guests, winner.host, control.installation),
    });
    const [claims, placementId] = await allOf([claiming, insertPlacement(tx, workload.id, record, input)]);
    await updateWorkload(tx, workload.id, {
      state: 'creating',
      placed: winner,
      placementId,
      reason: record.reason,
      error: null,
    });
    const plan = driverOf(control, winner.host, winner.driver).plan({ ...orderOf(context, claims), report });
    const publishes = publicationsOf(spec.networks).length > 0;
    const ownNetworks = known.networks.some(({ name }) => claims.networks.some(({ network }) => network === name));
    return { candidate: winner, plan, claims, publishes, ownNetworks, generation: workload.generation, fresh: true };
  });
};

/** Keeps the record of a refusal too: it is what `explain` shows. One that says nothing new is not kept again. */
const keepRefusal = async ({ control, workload }: OperationContext, { record, input }: Unplaced): Promise<void> => {
  if (workload.reason === record.reason && workload.placementId !== null) return;
  const { db } = control.inventory;
  const placementId = await insertPlacement(db, workload.id, record, input);
  await updateWorkload(db, workload.id, { reason: record.reason, placementId });
};

const place = async (context: OperationContext): Promise<Placed> => {
  const found = await tryPlace(context);
  if ('plan' in found) return found;
  await keepRefusal(context, found);
  const { reason, waitsFor } = found.record;
  if (waitsFor !== undefined) throw new Waiting(nearMissText(waitsFor));
  throw new InnkeeperError('unplaceable', reason, { hint: `inn explain ${context.workload.name}` });
};

/** A guest that exists is changed, not placed, and keeps its place and what it holds when the change fails. */
const hasPlace = ({ workload }: OperationContext): boolean => workload.placed !== null && workload.state === 'ready';

export const placeStep = (context: OperationContext): Step => ({
  name: 'place',
  run: async () => {
    if (placedOf(context.memory) !== undefined) return;
    const { placed } = context.workload;
    await context.remember({
      placed: placed !== null && hasPlace(context) ? await replan(context, placed) : await place(context),
    });
  },
  undo: async () => {
    const placed = placedOf(context.memory);
    if (placed === undefined ? hasPlace(context) : !placed.fresh) return;
    const { db } = context.control.inventory;
    await releaseClaims(db, context.workload.id);
    await updateWorkload(db, context.workload.id, { placed: null });
  },
});
