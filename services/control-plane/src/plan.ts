import type { WorkloadRow } from '@innkeeper/inventory';
import {
  completeSpec,
  InnkeeperError,
  type Manifest,
  type ManifestPlan,
  type PlacementRecord,
  specChanges,
  type WhatIf,
  type WorkloadPlan,
  type WorkloadSpec,
} from '@innkeeper/model';
import { decide, imagine, type PlacementRequest, type Snapshot, withoutPlaced, withPlaced } from '@innkeeper/placement';
import { type Control, driverOf } from './control.ts';
import { dependenciesFirst } from './dependencies.ts';
import { isForeign } from './foreign.ts';
import { problemOf } from './problem.ts';
import { type Known, readKnown, snapshotOf } from './snapshot.ts';
import { checkUserData } from './user-data.ts';

export const requestOf = (name: string, spec: WorkloadSpec, row?: Pick<WorkloadRow, 'placed'>): PlacementRequest => ({
  name,
  spec: completeSpec(spec),
  current: row?.placed ?? undefined,
});

/** Limits, devices and warnings as the chosen driver would express them; the ids and addresses are those of nobody. */
const previewMapping = (
  control: Control,
  known: Known,
  name: string,
  spec: WorkloadSpec,
  { winner }: PlacementRecord,
): Pick<WorkloadPlan, 'mapping' | 'warnings'> => {
  const host = known.hosts.find((one) => one.name === winner?.host);
  const report = host?.drivers.find(({ driver }) => driver === winner?.driver);
  // A host that is only imagined has no driver to ask.
  if (winner === undefined || report === undefined) return { mapping: [], warnings: [] };
  const nobody = '00000000-0000-0000-0000-000000000000';
  const { mapping, warnings } = driverOf(control, winner.host, winner.driver).plan({
    name,
    uuid: nobody,
    spec: completeSpec(spec),
    stored: spec,
    ownership: { installation: control.installation, workloadId: nobody, generation: 0 },
    claims: { uidStart: 0x20000000, networks: [] },
    report,
  });
  return { mapping: mapping.filter((line) => !line.startsWith('ids:')), warnings: [...warnings] };
};

/** Throws `conflict` when a change cannot be made to a guest that exists. */
export const checkChange = (name: string, from: WorkloadSpec, to: WorkloadSpec): void => {
  const blocked = specChanges(from, to).filter(({ cost }) => cost === 'recreate');
  if (blocked.length === 0) return;
  const fields = blocked.map(({ field }) => field);
  if (fields.includes('volumes'))
    throw new InnkeeperError('conflict', `${name}: a volume only grows`, {
      hint: 'leave its size as it is, ask for more, or add another volume',
      complaints: [{ path: `workloads.${name}.volumes`, message: 'a volume only grows' }],
    });
  if (fields.every((field) => field === 'disk'))
    throw new InnkeeperError(
      'conflict',
      `${name}: a disk only grows, and it is larger than ${to.disk ?? 'the default'}`,
      {
        hint: 'leave disk as it is, or ask for more',
        complaints: [{ path: `workloads.${name}.disk`, message: 'a disk only grows' }],
      },
    );
  throw new InnkeeperError(
    'conflict',
    `${name} exists, and ${fields.join(', ')} cannot be changed on a guest that exists`,
    {
      hint: `inn rm ${name}, then apply again; its disk goes with it`,
      complaints: blocked.map(({ field }) => ({
        path: `workloads.${name}.${field}`,
        message: 'changing it means making the guest again',
      })),
    },
  );
};

/** Throws `conflict` for a name that a guest of somebody else has on some host. */
const checkForeignName = ({ installation }: Control, { guests }: Known, name: string): void => {
  const taken = guests.find((guest) => guest.observation.name === name && isForeign(guest, installation));
  if (taken === undefined) return;
  throw new InnkeeperError('conflict', `a guest called ${name} that Innkeeper did not create is on ${taken.host}`, {
    hint: 'choose another name; foreign guests are never touched',
    complaints: [{ path: `workloads.${name}`, message: 'the name is taken by a foreign guest' }],
  });
};

/** Throws `conflict` for a name that a workload or a foreign guest has. */
export const checkNewName = async (control: Control, name: string): Promise<void> => {
  const known = await readKnown(control.inventory.db);
  checkForeignName(control, known, name);
  if (known.workloads.some((row) => row.name === name))
    throw new InnkeeperError('conflict', `There is a workload called ${name} already`, {
      hint: 'choose another name',
      complaints: [{ path: 'name', message: 'the name is taken' }],
    });
};

const unplaceable = (name: string, record: PlacementRecord): InnkeeperError =>
  new InnkeeperError('unplaceable', record.reason, {
    hint: `inn plan shows every candidate with every check for ${name}`,
  });

/** One that fits nowhere is refused, unless time or room could help: then it waits. */
const checkPlaceable = (name: string, record: PlacementRecord): void => {
  if (record.winner === undefined && record.waitsFor === undefined) throw unplaceable(name, record);
};

/** Everything that can be refused before anything is stored: the same decision as a real placement, with nothing claimed. */
export const checkWorkload = async (control: Control, name: string, spec: WorkloadSpec): Promise<void> => {
  checkUserData(name, spec);
  const known = await readKnown(control.inventory.db);
  const row = known.workloads.find((one) => one.name === name);
  // What exists keeps its place and its claims.
  if (row !== undefined && row.placed !== null) return checkChange(name, row.spec, spec);
  checkForeignName(control, known, name);
  checkPlaceable(name, decide(snapshotOf(known, control.installation), requestOf(name, spec)));
};

const actionOf = (
  row: WorkloadRow | undefined,
  exists: boolean,
  changes: readonly unknown[],
  record: PlacementRecord,
): WorkloadPlan['action'] => {
  if (!exists) return record.winner === undefined ? 'wait' : 'create';
  const settled = row?.state === 'ready' && row.appliedGeneration === row.generation;
  return settled && changes.length === 0 ? 'none' : 'change';
};

interface Planning {
  readonly control: Control;
  readonly known: Known;
  /** As it is after the workloads that were planned before. */
  snapshot: Snapshot;
}

const planOne = (planning: Planning, name: string, spec: WorkloadSpec): WorkloadPlan => {
  const { control, known } = planning;
  const row = known.workloads.find((one) => one.name === name);
  const there = planning.snapshot.workloads.some((one) => one.name === name);
  const exists = row !== undefined && row.placed !== null && there;
  const changes =
    row === undefined
      ? []
      : specChanges(row.spec, spec, row.placed?.backend).map(({ field, from, to, cost }) => ({
          field,
          from,
          to,
          cost,
        }));
  const current = exists ? row.placed : null;
  const request = requestOf(name, spec, { placed: current });
  const lifted =
    current === null || row === undefined
      ? planning.snapshot
      : withoutPlaced(planning.snapshot, requestOf(name, row.spec), current);
  const placement = decide(lifted, request);
  const place = current ?? placement.winner;
  planning.snapshot = place === undefined ? lifted : withPlaced(lifted, request, place);
  const base = { name, changes, placement, ...previewMapping(control, known, name, spec, placement) };
  try {
    if (exists && row !== undefined) checkChange(name, row.spec, spec);
    else {
      checkForeignName(control, known, name);
      checkPlaceable(name, placement);
    }
  } catch (error) {
    if (!(error instanceof InnkeeperError)) throw error;
    return { ...base, action: 'impossible', problem: problemOf(error) };
  }
  return { ...base, action: actionOf(row, exists, changes, placement) };
};

/**
 * What applying a manifest would do, changing nothing: each workload is decided with those before it in their places.
 * Without workloads, what there is; `whatIf` takes hosts away or adds some.
 */
export const planManifest = async (
  control: Control,
  { workloads, networks = {}, rules = [] }: Partial<Manifest>,
  whatIf: WhatIf = {},
): Promise<ManifestPlan> => {
  const known = await readKnown(control.inventory.db);
  const given = rules.map(({ id }) => id);
  const merged = {
    ...known,
    rules: [...known.rules.filter(({ id }) => !given.includes(id)), ...rules],
    networks: [
      ...known.networks.filter(({ name }) => networks[name] === undefined),
      ...Object.entries(networks).map(([name, spec]) => ({ name, spec, createdAt: new Date() })),
    ],
  };
  const planning: Planning = {
    control,
    known,
    snapshot: imagine(snapshotOf(merged, control.installation), whatIf),
  };
  const specs = workloads ?? Object.fromEntries(known.workloads.map(({ name, spec }) => [name, spec]));
  const plans: WorkloadPlan[] = [];
  for (const [name, spec] of dependenciesFirst(specs)) plans.push(planOne(planning, name, spec));
  const order = Object.keys(specs);
  return { workloads: plans.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)) };
};
