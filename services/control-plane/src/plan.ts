import type { WorkloadRow } from '@innkeeper/inventory';
import {
  completeSpec,
  InnkeeperError,
  inScope,
  isAdopted,
  type Manifest,
  type ManifestPlan,
  type PlacementRecord,
  projectOf,
  specChanges,
  type WhatIf,
  type WorkloadPlan,
  type WorkloadSpec,
  withoutSecrets,
} from '@innkeeper/model';
import { decide, imagine, type Snapshot, withoutPlaced, withPlaced } from '@innkeeper/placement';
import { requireInScope } from './access/allow.ts';
import { checkChange, checkForeignName, checkImage, checkMakeable, checkPlaceable } from './check.ts';
import { previewClaims } from './claimed.ts';
import { type Control, driverOf } from './control.ts';
import { dependenciesFirst } from './dependencies.ts';
import { networksOf } from './networks.ts';
import { problemOf } from './problem.ts';
import { type Known, readKnown, requestOf, snapshotOf } from './snapshot.ts';
import type { Eyes } from './views.ts';

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
    claims: {
      uidStart: 0x20000000,
      networks: previewClaims(completeSpec(spec).networks, networksOf(report.networks, known.networks)),
    },
    report,
  });
  return { mapping: mapping.filter((line) => !line.startsWith('ids:')), warnings: [...warnings] };
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
  // Nobody chose where an adopted guest is.
  const decision = exists && isAdopted(row.spec) ? {} : { placement };
  const base = { name, changes, ...decision, ...previewMapping(control, known, name, spec, placement) };
  try {
    if (exists && row !== undefined) checkChange(row, spec);
    else {
      checkMakeable(name, spec);
      checkImage(known, name, spec);
      checkForeignName(control, known, name);
      checkPlaceable(name, placement);
    }
  } catch (error) {
    if (!(error instanceof InnkeeperError)) throw error;
    return { ...base, action: 'impossible', problem: problemOf(error) };
  }
  return { ...base, action: actionOf(row, exists, changes, placement) };
};

/** As who only looks is shown it. */
const withoutSecretChanges = (plan: WorkloadPlan): WorkloadPlan => {
  const shown = (value: unknown): unknown =>
    withoutSecrets({ cloudInit: value as NonNullable<WorkloadSpec['cloudInit']> }).cloudInit;
  const changes = plan.changes.map((change) =>
    change.field === 'cloudInit' ? { ...change, from: shown(change.from), to: shown(change.to) } : change,
  );
  return { ...plan, changes };
};

/**
 * What applying a manifest would do, changing nothing: each workload is decided with those before it in their places.
 * Without workloads, what there is; `whatIf` takes hosts away or adds some.
 */
export const planManifest = async (
  control: Control,
  { workloads, networks = {}, rules = [] }: Partial<Manifest>,
  whatIf: WhatIf,
  { role, scope }: Eyes,
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
  const visible = known.workloads.filter(({ spec }) => inScope(scope, projectOf(spec)));
  const specs = workloads ?? Object.fromEntries(visible.map(({ name, spec }) => [name, spec]));
  for (const { name, spec } of known.workloads)
    if (specs[name] !== undefined) requireInScope(scope, name, projectOf(spec));
  const plans: WorkloadPlan[] = [];
  for (const [name, spec] of dependenciesFirst(specs)) plans.push(planOne(planning, name, spec));
  const order = Object.keys(specs);
  const shown = role === 'viewer' ? plans.map(withoutSecretChanges) : plans;
  return { workloads: shown.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)) };
};
